//! `waybill key list`: one line per API key, oldest first, without its text.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::scope_names;
use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, output, servers};
use crate::domain::access::Scope;
use crate::store::admin::api_key::{KeyState, ListedKey};

/// List API keys, oldest first, including expired and revoked ones.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill key list
  waybill key list --json | jq '.[] | select(.state == \"valid\") | .id'

Each line: id, state (valid, expired, revoked), time of creation, tenant, scopes, time of expiry or
revocation, last use, who created it, name. The key itself is not stored and can't be shown.

--json prints an array of objects: id, name, tenant, scopes, state, created_at, expires_at,
revoked_at, created_by, last_used_at.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct List {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(list: &List, sources: &Sources) -> Result<ExitCode, Failure> {
    let keys = servers::store(sources)?.list_keys().await?;
    if list.json {
        let views: Vec<_> = keys.iter().map(view).collect();
        output::json(&views)?;
    } else {
        output::line(&render(&keys))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The keys as lines.
pub(super) fn render(keys: &[ListedKey]) -> String {
    if keys.is_empty() {
        return "no keys; create one with `waybill key create`\n".to_owned();
    }
    let mut text = String::new();
    for key in keys {
        let _ = write!(
            text,
            "{}  {:<7}  {:.0}  tenant {}, scopes {}, {}",
            key.id,
            key.state.name(),
            key.created_at,
            escape::line(&key.access.tenant),
            scope_names(&key.access.scopes),
            end(key)
        );
        match key.last_used_at {
            Some(at) => text.push_str(&format!(", used {at:.0}")),
            None => text.push_str(", never used"),
        }
        if let Some(by) = &key.created_by {
            let _ = write!(text, ", created by {}", escape::line(by));
        }
        if !key.name.is_empty() {
            let _ = write!(text, ", name {}", escape::line(&key.name));
        }
        text.push('\n');
    }
    text
}

fn end(key: &ListedKey) -> String {
    match (key.state, key.revoked_at, key.expires_at) {
        (KeyState::Revoked, Some(at), _) => format!("revoked {at:.0}"),
        (KeyState::Expired, _, Some(at)) => format!("expired {at:.0}"),
        (_, _, Some(at)) => format!("expires {at:.0}"),
        (_, _, None) => "never expires".to_owned(),
    }
}

#[derive(Debug, Serialize)]
struct View<'a> {
    id: &'a str,
    name: &'a str,
    tenant: &'a str,
    scopes: Vec<&'static str>,
    state: &'static str,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    created_by: Option<&'a str>,
    last_used_at: Option<Timestamp>,
}

fn view(key: &ListedKey) -> View<'_> {
    View {
        id: &key.id,
        name: &key.name,
        tenant: &key.access.tenant,
        scopes: key.access.scopes.iter().copied().map(Scope::name).collect(),
        state: key.state.name(),
        created_at: key.created_at,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
        created_by: key.created_by.as_deref(),
        last_used_at: key.last_used_at,
    }
}
