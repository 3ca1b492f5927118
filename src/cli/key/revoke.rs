//! `waybill key revoke`: revokes an API key permanently.

use std::process::ExitCode;

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::{Sources, output, servers};
use crate::store::admin::api_key::{id_of, is_id};

/// Revoke an API key permanently; revoking it again changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill key revoke 5f0c9a7e21bd

The id is the middle part of the key; a whole key is accepted instead of its id.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 no such key.")]
pub(super) struct Revoke {
    /// The id of the key.
    id: String,
}

pub(super) async fn run(revoke: &Revoke, sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    let id = id_of(&revoke.id).unwrap_or(&revoke.id);
    if !is_id(id) || !store.revoke_key(id).await? {
        return Err(unknown(id));
    }
    output::line(&format!("revoked {id}"))?;
    Ok(ExitCode::SUCCESS)
}

/// A text that is not an id may be most of a key, so the message does not repeat it.
pub(super) fn unknown(id: &str) -> Failure {
    Failure::Unknown(if is_id(id) {
        format!("no key {id}; see `waybill key list`")
    } else {
        "not the id of a key, which is 12 digits of 0 to 9 and a to f; see `waybill key list`"
            .to_owned()
    })
}
