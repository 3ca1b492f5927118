//! `waybill dead list`: one line per dead letter, oldest first.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::selection;
use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, output, servers};
use crate::store::write::dead_letter::StoredDeadLetter;
use crate::wire::Reason;

/// List dead letters, oldest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill dead list
  waybill dead list --reason missing_token --limit 100
  waybill dead list --after 6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11      the page after that one

--json prints an array of objects: id, reason, problem (RFC 9457), received_at, tenant, token,
source, event_id, type, exchange, routing_key, queue, body_bytes.")]
pub(super) struct List {
    /// Only dead letters of this reason.
    #[arg(long, value_parser = selection::reason)]
    reason: Option<Reason>,
    /// List at most N.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Only dead letters after this one.
    #[arg(long, value_name = "ID")]
    after: Option<Uuid>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(list: &List, sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    let after = match list.after {
        Some(id) => Some(super::dead_letter(&store, id).await?.place()),
        None => None,
    };
    let dead_letters = selection::dead_letters(list.reason);
    let dead_letters = store
        .list_dead_letters(&dead_letters, after, list.limit.into())
        .await?;
    if list.json {
        let views: Vec<_> = dead_letters.iter().map(view).collect();
        output::json(&views)?;
    } else {
        output::line(&render(&dead_letters, list.limit))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The dead letters as lines.
pub(super) fn render(dead_letters: &[StoredDeadLetter], limit: u32) -> String {
    let mut text = String::new();
    for stored in dead_letters {
        let dead_letter = &stored.dead_letter;
        let labels = [
            ("type", &dead_letter.type_name),
            ("token", &dead_letter.token),
            ("source", &dead_letter.source),
        ];
        let labels = labels
            .into_iter()
            .filter_map(|(label, value)| Some((label, value.as_ref()?)));
        let labels: Vec<_> = labels
            .map(|(label, value)| format!("{label} {}", escape::line(value)))
            .collect();
        let _ = writeln!(
            text,
            "{}  {:.0}  {}  {}\n    {}",
            dead_letter.id,
            stored.received_at,
            escape::line(&dead_letter.reason),
            labels.join(", "),
            escape::line(&detail(&dead_letter.problem))
        );
    }
    match dead_letters.last() {
        None => text.push_str("no dead letters\n"),
        Some(last) if usize::try_from(limit) == Ok(dead_letters.len()) => {
            let _ = writeln!(text, "there may be more: --after {}", last.dead_letter.id);
        }
        Some(_) => {}
    }
    text
}

/// The `detail` of the problem.
fn detail(problem: &str) -> String {
    let problem: Value = serde_json::from_str(problem).unwrap_or_default();
    let detail = problem.get("detail").and_then(Value::as_str);
    detail.unwrap_or_default().to_owned()
}

#[derive(Debug, Serialize)]
struct View<'a> {
    id: String,
    reason: &'a str,
    problem: Value,
    received_at: Timestamp,
    tenant: Option<&'a str>,
    token: Option<&'a str>,
    source: Option<&'a str>,
    event_id: Option<&'a str>,
    #[serde(rename = "type")]
    type_name: Option<&'a str>,
    exchange: &'a str,
    routing_key: &'a str,
    queue: &'a str,
    body_bytes: i64,
}

fn view(stored: &StoredDeadLetter) -> View<'_> {
    let dead_letter = &stored.dead_letter;
    View {
        id: dead_letter.id.to_string(),
        reason: &dead_letter.reason,
        problem: serde_json::from_str(&dead_letter.problem).unwrap_or_default(),
        received_at: stored.received_at,
        tenant: dead_letter.tenant.as_deref(),
        token: dead_letter.token.as_deref(),
        source: dead_letter.source.as_deref(),
        event_id: dead_letter.event_id.as_deref(),
        type_name: dead_letter.type_name.as_deref(),
        exchange: &dead_letter.exchange,
        routing_key: &dead_letter.routing_key,
        queue: &dead_letter.queue,
        body_bytes: stored.body_bytes,
    }
}
