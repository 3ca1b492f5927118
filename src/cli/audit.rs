//! `waybill audit`: who did what.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use super::failure::Failure;
use super::{Sources, escape, output, servers};
use crate::store::admin::audit::{Action, AuditSelection, RecordedAct};
use crate::view::audit;

/// List who did what, the newest act first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill audit
  waybill audit --action key.revoke --since 2026-11-01T00:00:00Z
  waybill audit --tenant acme --json | jq '.[] | select(.reason == null)'

Each line: time, who (key, anonymous, command or program, with its id or name), from where, action,
object, tenant, and why, as far as it was said with --why. Acts are recorded in the transaction of what
they do, and deleted after WAYBILL_JANITOR__AUDIT_KEPT.

--json prints an array of objects: at, actor_kind, actor, origin, database_user, action, object,
tenant, reason.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct Audit {
    /// Only acts of this tenant.
    #[arg(long)]
    tenant: Option<String>,
    /// Only this action.
    #[arg(long, value_parser = action)]
    action: Option<Action>,
    /// Only acts of this actor: the id of a key, or the user of a command line.
    #[arg(long)]
    actor: Option<String>,
    /// Only acts on this object, such as the id of a key or a token.
    #[arg(long)]
    object: Option<String>,
    /// Only acts at this time or later.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only acts before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// At most N acts.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: &Audit, sources: &Sources) -> Result<ExitCode, Failure> {
    let selection = AuditSelection {
        tenant: options.tenant.clone(),
        action: options.action,
        actor: options.actor.clone(),
        object: options.object.clone(),
        since: options.since,
        until: options.until,
    };
    let acts = servers::store(sources)?
        .list_audit(&selection, None, options.limit)
        .await?;
    if options.json {
        output::json(&acts.iter().map(audit::act).collect::<Vec<_>>())?;
    } else if acts.is_empty() {
        output::line("no acts")?;
    } else {
        output::line(&acts.iter().map(line).collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn line(act: &RecordedAct) -> String {
    let mut line = format!(
        "{:.0}  {} {} from {}  {}  {}",
        act.at,
        act.actor_kind,
        escape::line(&act.actor),
        escape::line(&act.origin),
        act.action,
        escape::line(&act.object)
    );
    if let Some(tenant) = &act.tenant {
        let _ = write!(line, ", tenant {}", escape::line(tenant));
    }
    if let Some(reason) = &act.reason {
        let _ = write!(line, ", because: {}", escape::line(reason));
    }
    line.push('\n');
    line
}

fn action(name: &str) -> Result<Action, String> {
    Action::from_name(name).ok_or_else(|| {
        format!(
            "the actions are {}",
            Action::ALL.map(Action::name).join(", ")
        )
    })
}
