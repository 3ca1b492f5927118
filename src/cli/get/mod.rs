//! `waybill get`: how a process stands, with its history, its items and its completion, and of an
//! order where it stands.

mod order;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod tests;
pub(super) mod text;

use std::iter;
use std::process::ExitCode;

use clap::Args;

use super::failure::Failure;
use super::output::Style;
use super::{Sources, escape, output, servers};
use crate::core::{DEFAULT_TENANT, ProcessKey};
use crate::view;
use crate::view::parts::{Part, Parts};

/// The parts that `--json` shows.
const SHOWN: [Part; 5] = [
    Part::Steps,
    Part::Items,
    Part::Stages,
    Part::Late,
    Part::Data,
];

/// Show how a process stands: status, progress, history, items, completion.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill get 8a4f0c
  waybill get 8a4f0c --tenant acme --items 1000
  waybill get 8a4f0c --json | jq .status

--json prints one object: token, tenant, kind, status (waiting, running, done, warning, error,
cancelled), summary (the status in words), progress {done, total, failed}, waiting_for [text],
settle_at, deadline_at, opened_at, ended_at, sealed_at, elapsed_seconds, code, message, opening {source, filename, module,
workflow, group, attributes, reply_to} or null, completion (none, pending, unroutable, sent),
history [{time, state, name, message, late}] and items [{identifier, ok, messages, document_id,
data}], each cut at its limit, late [{time, type, source, id}], and counts {events, late, items}
of all there are; cursor is the place of its newest event in the feed, after which to ask there, or
null.

An order has order {version, stands_at [{stage, data_id, number, since, due_at,
on_deadline, outcomes, form [{id, type, required, choices}]}], joins [{stage, arrived, missing}],
parked {count, stages {name: count}} (those by data_id have the name \"\"), form {field: value},
attachments, left [{stage, data_id, number, since, left_at, outcome}], stops}: a push leaves one of
stands_at, with one of its outcomes where it has any, and fills in its form.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 unknown token.")]
pub(super) struct Get {
    /// The token of the process.
    token: String,
    /// Who owns the process.
    #[arg(long, default_value = DEFAULT_TENANT)]
    tenant: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Show at most so many items, those that failed first.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=100_000))]
    items: u32,
    /// Look at no more than the first so many events.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(..=100_000))]
    events: u32,
}

pub(super) async fn run(get: &Get, sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    let key = ProcessKey::of(&get.tenant, &get.token);
    let found = store
        .record(key, get.events.into(), get.items.into())
        .await?;
    let record = found.ok_or_else(|| unknown(&get.tenant, &get.token))?;
    let order = view::order::load(&store, iter::once(&record)).await?;
    let order = order.get(&key);
    if get.json {
        output::json(&view::record::view(&record, order, &Parts::of(&SHOWN)))?;
    } else {
        let style = Style::of_stdout();
        output::line(&text::render(&record, order, style))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Nobody ever spoke of such a process, or it is past its retention.
pub(super) fn unknown(tenant: &str, token: &str) -> Failure {
    Failure::Unknown(format!(
        "tenant {} has no process with the token {}: check both; an ended process is forgotten \
         after its retention",
        escape::line(tenant),
        escape::line(token)
    ))
}

/// How to look at a process.
pub(super) fn look_up(tenant: &str, token: &str) -> String {
    let token = escape::line(token);
    match tenant {
        DEFAULT_TENANT => format!("see `waybill get {token}`"),
        tenant => format!(
            "see `waybill get {token} --tenant {}`",
            escape::line(tenant)
        ),
    }
}
