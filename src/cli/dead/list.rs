//! `waybill dead list`: one line per letter, oldest first.

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
use crate::store::write::dead_letter::KeptLetter;
use crate::wire::Reason;

/// List dead letters, oldest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill dead list
  waybill dead list --reason missing_token --limit 100
  waybill dead list --after 6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11      the page behind that letter

--json prints an array of objects: id, reason, problem (RFC 9457), received_at, tenant, token,
source, event_id, type, exchange, routing_key, queue, body_bytes.")]
pub(super) struct List {
    /// Only dead letters of this reason.
    #[arg(long, value_parser = selection::reason)]
    reason: Option<Reason>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Only dead letters behind this one.
    #[arg(long, value_name = "ID")]
    after: Option<Uuid>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(list: &List, sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    let after = match list.after {
        Some(id) => Some(super::letter(&store, id).await?.place()),
        None => None,
    };
    let letters = selection::letters(list.reason);
    let letters = store
        .list_dead_letters(&letters, after, list.limit.into())
        .await?;
    if list.json {
        let views: Vec<_> = letters.iter().map(view).collect();
        output::json(&views)?;
    } else {
        output::line(&render(&letters, list.limit))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The letters as lines.
pub(super) fn render(letters: &[KeptLetter], limit: u32) -> String {
    let mut text = String::new();
    for kept in letters {
        let letter = &kept.letter;
        let said = [
            ("type", &letter.type_name),
            ("token", &letter.token),
            ("source", &letter.source),
        ];
        let said = said
            .into_iter()
            .filter_map(|(label, value)| Some((label, value.as_ref()?)));
        let said: Vec<_> = said
            .map(|(label, value)| format!("{label} {}", escape::line(value)))
            .collect();
        let _ = writeln!(
            text,
            "{}  {:.0}  {}  {}\n    {}",
            letter.id,
            kept.received_at,
            escape::line(&letter.reason),
            said.join(", "),
            escape::line(&detail(&letter.problem))
        );
    }
    match letters.last() {
        None => text.push_str("no dead letters\n"),
        Some(last) if usize::try_from(limit) == Ok(letters.len()) => {
            let _ = writeln!(text, "there may be more: --after {}", last.letter.id);
        }
        Some(_) => {}
    }
    text
}

/// What the problem says is wrong.
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

fn view(kept: &KeptLetter) -> View<'_> {
    let letter = &kept.letter;
    View {
        id: letter.id.to_string(),
        reason: &letter.reason,
        problem: serde_json::from_str(&letter.problem).unwrap_or_default(),
        received_at: kept.received_at,
        tenant: letter.tenant.as_deref(),
        token: letter.token.as_deref(),
        source: letter.source.as_deref(),
        event_id: letter.event_id.as_deref(),
        type_name: letter.type_name.as_deref(),
        exchange: &letter.exchange,
        routing_key: &letter.routing_key,
        queue: &letter.queue,
        body_bytes: kept.body_bytes,
    }
}
