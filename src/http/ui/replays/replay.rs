//! `GET /monitor/replay?id=…`: the status of a replay, and its report.

use axum::response::Response;
use maud::{Markup, html};
use uuid::Uuid;

use super::form;
use super::table::{self, ReplayState};
use crate::clock;
use crate::domain::access::{Access, Scope};
use crate::http::ui::whose::Whose;
use crate::http::ui::{Page, PageRequest, Tab, Viewer, format, paths};
use crate::http::web::{HttpProblem, ProblemKind};
use crate::store::admin::replay::{ExpectedOutcome, Replay};
use crate::store::write::dead_letter::DeadLetterSelection;

const UNKNOWN: &str = "there is no such replay here: only the newest hundred are kept";

pub(super) fn unknown() -> HttpProblem {
    HttpProblem::new(ProblemKind::NotFound, UNKNOWN)
}

/// The page.
pub(in crate::http) async fn get(mut request: PageRequest) -> Result<Response, HttpProblem> {
    let id = request.parameters().id()?;
    request.show(move |viewer| page(viewer, id)).await
}

async fn page(viewer: Viewer, id: Uuid) -> Result<Page, HttpProblem> {
    let Viewer { api, access } = &viewer;
    let found = api.primary().replay(&access.tenant, id).await?;
    let replay = found.ok_or_else(unknown)?;
    let returned = match replay.dry_run {
        true => Vec::new(),
        false => {
            api.primary()
                .returned_dead_letters(&access.tenant, id)
                .await?
        }
    };
    let what = if replay.dry_run { "Dry run" } else { "Replay" };
    let main = html! {
        nav.trail { a href=(paths::DEAD_LETTERS) { "Dead letters" } }
        h1 { (what) " of " (table::selected(replay.dead_letter, replay.reason.as_deref())) }
        (status(&replay, access))
        @if replay.dry_run {
            (outlook(&replay))
            (then(&replay, access))
        } @else {
            (report(&replay))
            (came_back(&returned))
        }
    };
    Ok(Page::new(Tab::DeadLetters, what, main))
}

fn status(replay: &Replay, access: &Access) -> Markup {
    let state = ReplayState::of(replay);
    html! {
        p.replay-status { (state.shown()) " " (table::progress(replay)) }
        @if state == ReplayState::Waiting {
            p.hint { "It waits for earlier replays, or for an instance with the role " code { "relay" } "." }
        }
        @if let Some(error) = &replay.problem { p.fault { "Retrying after an error: " (error) "." } }
        @if state.is_open() && access.allows(Scope::Admin) { (form::stop(replay.id)) }
        dl.facts {
            dt { "Requested" } dd {
                (format::moment(replay.requested_at))
                @if !replay.requested_by.is_empty() { " with the key " code { (replay.requested_by) } }
            }
            dt { "Dead letters at start" } dd { (replay.dead_letters) }
            @if !replay.dry_run { dt { "Rate" } dd { (table::rate(replay.rate)) } }
            @if let Some(begun_at) = replay.begun_at {
                dt { "Started" } dd { (format::moment(begun_at)) }
                @let end = replay.ended_at.unwrap_or_else(clock::now);
                dt { "Took" } dd { (format::length(end.duration_since(begun_at))) }
            }
            @if let Some(ended_at) = replay.ended_at { dt { "Ended" } dd { (format::moment(ended_at)) } }
        }
    }
}

/// The outcomes of the dead letters.
fn report(replay: &Replay) -> Markup {
    let counts = replay.counts;
    let left = replay.dead_letters.saturating_sub(replay.done());
    let (left_is, left_means) = match ReplayState::of(replay) {
        ReplayState::Done => (
            "Already gone",
            "replayed or discarded elsewhere before this replay reached them",
        ),
        ReplayState::Stopped => ("Left", "not replayed, still here"),
        _ => ("Remaining", "oldest first"),
    };
    let others = |name: &str, count: u64, meaning: &str| html! { @if count > 0 { (row(name, count, meaning)) } };
    html! {
        h2 { "Report" }
        table.processes.counts {
            tbody {
                (row("Published", counts.confirmed, "confirmed by the broker and deleted here"))
                (others("Rejected by a queue", counts.nacked, "kept: a queue is full or unavailable"))
                (others("Unroutable", counts.unroutable, "kept: is a queue bound to the exchange of events?"))
                (others("Damaged", counts.damaged, "kept: their properties or headers can't be read"))
                (others(left_is, left, left_means))
            }
        }
    }
}

fn came_back(returned: &[(String, u64)]) -> Markup {
    let sum: u64 = returned.iter().map(|(_, count)| count).sum();
    html! {
        h2 { "Came back" }
        @if sum == 0 {
            p { "None were refused again so far." }
        } @else {
            p { (sum) " of them could not be applied again and are here as new dead letters:" }
            ul {
                @for (reason, count) in returned {
                    li { a href=(paths::dead_letters_of(Whose::Own, reason, None)) { bdi { (reason) } } " " (count) }
                }
            }
        }
        p.hint { "The others were applied, duplicate or late. Workers may not have processed all of them yet." }
    }
}

/// The expected outcomes.
fn outlook(replay: &Replay) -> Markup {
    html! {
        h2 { "Expected result" }
        p.hint {
            "Computed from the current records; effects of the dead letters on each other are not included. \
             Nothing was published and nothing changed."
        }
        table.processes.counts {
            tbody {
                @for (name, count) in &replay.expected {
                    @match ExpectedOutcome::from_name(name).map(words) {
                        Some((name, meaning)) => (row(name, *count, meaning)),
                        None => (row(name, *count, format::reason_title(name))),
                    }
                }
            }
        }
    }
}

fn words(outcome: ExpectedOutcome) -> (&'static str, &'static str) {
    match outcome {
        ExpectedOutcome::Applied => ("Applied", "no known obstacle"),
        ExpectedOutcome::Duplicate => (
            "Duplicate",
            "the log has their events; a replay changes nothing",
        ),
        ExpectedOutcome::Late => (
            "Late",
            "their processes have ended; they would be logged as late",
        ),
        ExpectedOutcome::Undecided => ("Pushes", "the stages of their orders at that time decide"),
        ExpectedOutcome::Damaged => (
            "Damaged",
            "their properties or headers can't be read; they would be kept",
        ),
    }
}

fn row(name: &str, count: u64, meaning: &str) -> Markup {
    html! { tr { th scope="row" { bdi { (name) } } td { span.count { (count) } } td { (meaning) } } }
}

/// The form that replays the dead letters of a dry run.
fn then(replay: &Replay, access: &Access) -> Markup {
    let selection = DeadLetterSelection {
        tenant: None,
        dead_letter: replay.dead_letter,
        reason: replay.reason.clone(),
    };
    html! {
        @if replay.ended_at.is_some() {
            h2 { "Replay them" }
            (form::replay(&selection, access))
        }
    }
}
