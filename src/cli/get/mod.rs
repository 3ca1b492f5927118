//! `waybill get`: the record of a process: status, history, items, completion, and the current
//! stages of an order.

mod order;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod tests;
pub(super) mod text;

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::failure::Failure;
use super::output::{self, Style};
use super::remote::Address;
use super::{Sources, escape, servers};
use crate::view::parts::LISTED_MAX;
use crate::view::parts::Part;
use crate::view::record::View;
use crate::view::step::Step;

/// The parts of a record that are shown.
const SHOWN: [Part; 4] = [Part::Steps, Part::Items, Part::Stages, Part::Late];

/// Show a process: status, progress, history, items, completion.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill get 8a4f0c
  waybill get 8a4f0c --items 1000
  waybill get 8a4f0c --json | jq .status
  waybill get 8a4f0c --url http://waybill:8080 --key-file key

It uses the HTTP API; the API key determines the tenant.

--json prints one object: token, tenant, kind, status (waiting, running, done, warning, error,
cancelled), summary (the status in words), progress {done, total, failed}, waiting_for [text],
settle_at, deadline_at, opened_at, ended_at, sealed_at, elapsed_seconds, code, message, opening
{source, filename, module, workflow, group, attributes, reply_to} or null, completion (none,
pending, unroutable, sent), unroutable_at, outbox (messages of its end that are not published yet),
history [{time, state, name, message, late}] and items [{identifier, ok, messages, document_id,
data}], each up to its limit, late [{time, type, source, id}], and counts {events, late, items},
which are the totals; cursor is the place of its newest event in the feed. At most 1,000 items and
1,000 events are shown.

An order also has order {version, stands_at [{stage, data_id, number, since, due_at,
on_deadline, outcomes, form [{id, type, required, choices}]}], joins [{stage, arrived, missing}],
parked {count, stages {name: count}} (pushes by data_id have the name \"\"), form {field: value},
attachments, left [{stage, data_id, number, since, left_at, outcome}], stops}. stands_at has the
current stages: a push leaves one of them, with one of its outcomes if it has any, and fills in its
form.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 unknown token.")]
pub(super) struct Get {
    /// The token of the process.
    token: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Show at most N items, failed ones first.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=1_000))]
    items: u32,
    /// Show the history and the late events of the first N events only.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(..=1_000))]
    events: u32,
    #[command(flatten)]
    address: Address,
}

pub(super) async fn run(get: &Get, sources: &Sources) -> Result<ExitCode, Failure> {
    let sources = get.address.over(sources);
    let client = servers::client(&sources)?;
    let parts = get.parts();
    get.show(client.process(&get.token, &parts, Duration::ZERO).await?)?;
    Ok(ExitCode::SUCCESS)
}

impl Get {
    /// Only JSON has the producers' own data; the events are needed to limit the history.
    fn parts(&self) -> Vec<Part> {
        let mut parts = SHOWN.to_vec();
        match self.json {
            true if self.events() >= LISTED_MAX => parts.push(Part::Data),
            true => parts.extend([Part::Data, Part::Events]),
            false => parts.push(Part::Events),
        }
        parts
    }

    fn show(&self, mut view: View<'_>) -> Result<(), Failure> {
        self.truncate(&mut view);
        if self.json {
            view.events = None;
            output::json(&view)?;
        } else {
            output::line(&text::render(&view, Style::of_stdout()))?;
        }
        Ok(())
    }

    /// Truncates the lists to `--items` and `--events`.
    fn truncate(&self, view: &mut View<'_>) {
        let items = usize::try_from(self.items).unwrap_or(usize::MAX);
        view.items.iter_mut().for_each(|list| list.truncate(items));
        let Some(events) = &mut view.events else {
            return;
        };
        events.truncate(self.events());
        let steps = events.iter().filter(|e| Step::is_named(&e.line.type_name));
        let (steps, late) = (steps.count(), events.iter().filter(|e| e.late).count());
        view.history
            .iter_mut()
            .for_each(|list| list.truncate(steps));
        view.late.iter_mut().for_each(|list| list.truncate(late));
    }

    fn events(&self) -> usize {
        usize::try_from(self.events).unwrap_or(usize::MAX)
    }
}

/// Names the command that shows a process.
pub(super) fn look_up(token: &str) -> String {
    format!("see `waybill get {}`", escape::line(token))
}
