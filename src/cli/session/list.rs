//! `waybill session list`: one line per open session, the newest first.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, output, servers};
use crate::store::admin::session::ListedSession;

/// List open sessions, the newest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill session list
  waybill session list --tenant acme --json

Each line: id, when it began, for what (pages, omflow), key, tenant, address, when it ends unless it is
used, and when it ends in any case. The id is not the code that its user has.

--json prints an array of objects: id, created_at, purpose, key, tenant, origin, expires_at, ends_at.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct List {
    /// Only sessions of this tenant.
    #[arg(long)]
    tenant: Option<String>,
    /// At most N sessions.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct View<'a> {
    id: &'a str,
    created_at: Timestamp,
    purpose: Option<&'a str>,
    key: &'a str,
    tenant: &'a str,
    origin: Option<&'a str>,
    expires_at: Timestamp,
    ends_at: Timestamp,
}

pub(super) async fn run(list: &List, sources: &Sources) -> Result<ExitCode, Failure> {
    let sessions = servers::store(sources)?
        .list_sessions(list.tenant.as_deref(), list.limit)
        .await?;
    if list.json {
        output::json(&sessions.iter().map(view).collect::<Vec<_>>())?;
    } else if sessions.is_empty() {
        output::line("no sessions")?;
    } else {
        output::line(&sessions.iter().map(line).collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn line(session: &ListedSession) -> String {
    let key = match session.key.as_str() {
        "" => "without a key".to_owned(),
        key => format!("key {key}"),
    };
    format!(
        "{}  {:.0}  {:<6}  {key}, tenant {}, from {}, ends {:.0} unless used, at the latest {:.0}\n",
        session.id,
        session.created_at,
        session.purpose.as_deref().unwrap_or("any"),
        escape::line(&session.tenant),
        escape::line(session.origin.as_deref().unwrap_or("unknown")),
        session.expires_at,
        session.ends_at
    )
}

fn view(session: &ListedSession) -> View<'_> {
    View {
        id: &session.id,
        created_at: session.created_at,
        purpose: session.purpose.as_deref(),
        key: &session.key,
        tenant: &session.tenant,
        origin: session.origin.as_deref(),
        expires_at: session.expires_at,
        ends_at: session.ends_at,
    }
}
