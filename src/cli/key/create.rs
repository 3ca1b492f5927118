//! `waybill key create`: creates an API key and shows it once.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::scope_names;
use crate::cli::failure::Failure;
use crate::cli::{Sources, name, output, servers};
use crate::config::{parse_duration, show_duration};
use crate::domain::access::{Access, Scope};
use crate::store::admin::api_key::NewKey;

/// How long a key is valid unless it is said.
pub(super) const DEFAULT: &str = "365d";
/// The value of `--expires` for a key that does not expire.
const NEVER: &str = "never";
const EXPIRES_MIN: Duration = Duration::from_secs(1);
const EXPIRES_MAX: Duration = Duration::from_secs(3_650 * 86_400);

/// Create an API key and print it; it can't be shown again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill key create --tenant acme --scope read
  waybill key create --tenant acme --scope read,write --name archive --expires 90d
  key=$(waybill key create --tenant acme --scope write)

Only the key goes to the standard output, on its last line; remarks go to the standard error. The
database has only a hash of it: if a key is lost, revoke it and create another one.

Scopes: read allows reading records, events and files; write allows sending events and files, but no
reading; admin allows everything. A key gives access to the processes of its tenant only.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct Create {
    /// The tenant whose processes the key gives access to.
    #[arg(long)]
    tenant: String,
    /// The scopes, separated by commas: read, write, admin.
    #[arg(long, value_name = "SCOPE,…", required = true, value_delimiter = ',', value_parser = scope)]
    scope: Vec<Scope>,
    /// A descriptive name, such as that of the client that uses the key.
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// How long the key is valid, such as 12h or 90d, or `never`.
    #[arg(long, value_name = "DURATION", default_value = DEFAULT, value_parser = expires)]
    expires: Expires,
}

/// How long a key is valid; `None` if it does not expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expires(pub(super) Option<Duration>);

pub(super) async fn run(create: &Create, sources: &Sources) -> Result<ExitCode, Failure> {
    let new = new_key(create).map_err(Failure::Usage)?;
    let created = servers::store(sources)?.create_key(&new).await?;
    output::line(created.text.expose_secret())?;
    output::remark(&format!(
        "created key {}: {}, {}; store it now: it is shown once",
        created.id,
        scope_names(&new.access.scopes),
        expiry(created.expires_at)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// When a key expires, in words.
pub(super) fn expiry(expires_at: Option<Timestamp>) -> String {
    match expires_at {
        Some(at) => format!("expires {at:.0}"),
        None => "never expires".to_owned(),
    }
}

fn new_key(create: &Create) -> Result<NewKey, String> {
    name::checked("--tenant", &create.tenant)?;
    name::bounded("--name", &create.name)?;
    let mut scopes = create.scope.clone();
    scopes.sort_unstable();
    scopes.dedup();
    Ok(NewKey {
        name: create.name.clone(),
        access: Access {
            tenant: create.tenant.clone(),
            scopes,
        },
        expires_after: create.expires.0,
    })
}

pub(super) fn scope(name: &str) -> Result<Scope, String> {
    Scope::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Scope::ALL.iter().map(|scope| scope.name()).collect();
        format!("the scopes are {}", names.join(", "))
    })
}

pub(super) fn expires(text: &str) -> Result<Expires, String> {
    if text == NEVER {
        return Ok(Expires(None));
    }
    let bounds = EXPIRES_MIN..=EXPIRES_MAX;
    let duration = parse_duration(text).filter(|duration| bounds.contains(duration));
    match duration {
        Some(duration) => Ok(Expires(Some(duration))),
        None => Err(format!(
            "write a number with its unit, such as 12h or 90d, from {} to {}, or `{NEVER}`",
            show_duration(EXPIRES_MIN),
            show_duration(EXPIRES_MAX)
        )),
    }
}
