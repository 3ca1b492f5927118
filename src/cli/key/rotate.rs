//! `waybill key rotate`: replaces an API key by a new one; both work for a while.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use secrecy::ExposeSecret;

use super::create::{DEFAULT, Expires, expires, expiry};
use super::revoke::unknown;
use crate::cli::failure::Failure;
use crate::cli::{Sources, output, servers};
use crate::config::{parse_duration, show_duration};
use crate::store::admin::api_key::{id_of, is_id};

const OVERLAP: &str = "7d";
const OVERLAP_MAX: Duration = Duration::from_secs(90 * 86_400);

/// Replace an API key by a new one with the same tenant, scopes and name, and print it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill key rotate 5f0c9a7e21bd
  waybill key rotate 5f0c9a7e21bd --overlap 1h --expires 90d --why 'every quarter'

The old key expires after the overlap, or earlier if it would have anyway. Only the new key goes to
the standard output, on its last line.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 no such key, or it is not valid any more.")]
pub(super) struct Rotate {
    /// The id of the key.
    id: String,
    /// How long the old key stays valid, such as 1h or 7d.
    #[arg(long, value_name = "DURATION", default_value = OVERLAP, value_parser = overlap)]
    overlap: Duration,
    /// How long the new key is valid, such as 12h or 90d, or `never`.
    #[arg(long, value_name = "DURATION", default_value = DEFAULT, value_parser = expires)]
    expires: Expires,
}

pub(super) async fn run(rotate: &Rotate, sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    let id = id_of(&rotate.id).unwrap_or(&rotate.id);
    let rotated = match is_id(id) {
        true => {
            store
                .rotate_key(id, rotate.overlap, rotate.expires.0)
                .await?
        }
        false => None,
    };
    let created = rotated.ok_or_else(|| unknown(id))?;
    output::line(created.text.expose_secret())?;
    output::remark(&format!(
        "created key {}: {}; store it now: it is shown once; key {id} works for {} more",
        created.id,
        expiry(created.expires_at),
        show_duration(rotate.overlap)
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn overlap(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).filter(|duration| *duration <= OVERLAP_MAX);
    duration.ok_or_else(|| {
        format!(
            "write a number with its unit, such as 1h or 7d, of at most {}",
            show_duration(OVERLAP_MAX)
        )
    })
}
