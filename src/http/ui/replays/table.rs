//! Replays as the rows of a table, and what is said of them everywhere.

use maud::{Markup, html};
use uuid::Uuid;

use super::form;
use crate::http::ui::{format, paths};
use crate::store::admin::replay::Replay;

/// How a replay stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody works on it: it waits for those before it, or for its next turn.
    Waiting,
    /// It goes on.
    Running,
    /// It can't go on at the moment.
    Stalled,
    /// It was asked to stop and has not ended.
    Stopping,
    /// It has ended before its end.
    Stopped,
    /// It is through.
    Done,
}

impl State {
    pub(super) fn of(replay: &Replay) -> Self {
        match replay {
            Replay {
                ended_at: Some(_), ..
            } => match replay.is_through {
                true => Self::Done,
                false => Self::Stopped,
            },
            Replay {
                stop_asked_at: Some(_),
                ..
            } => Self::Stopping,
            Replay {
                trouble: Some(_), ..
            } => Self::Stalled,
            // For its first turn, or for the next.
            Replay { begun_at: None, .. } | Replay { is_held: false, .. } => Self::Waiting,
            Replay { .. } => Self::Running,
        }
    }

    pub(super) fn is_open(self) -> bool {
        !matches!(self, Self::Stopped | Self::Done)
    }

    /// Its word, and the status of a process that looks the same.
    pub(super) fn shown(self) -> Markup {
        let (word, like) = match self {
            Self::Waiting => ("waiting", "waiting"),
            Self::Running => ("running", "running"),
            Self::Stalled => ("stalled", "warning"),
            Self::Stopping => ("stopping", "running"),
            Self::Stopped => ("stopped", "cancelled"),
            Self::Done => ("done", "done"),
        };
        html! { span.status data-status=(like) { (word) } }
    }
}

/// The table; whoever may act can stop those that have not ended.
pub(in crate::http) fn replays(replays: &[Replay], may_act: bool) -> Markup {
    html! {
        table.processes {
            thead {
                tr { @for heading in ["Replay", "Requested", "Rate", "State", "Letters", "Action"] { th scope="col" { (heading) } } }
            }
            tbody #replays {
                @for one in replays {
                    @let state = State::of(one);
                    tr id=(format!("replay-{}", one.id)) {
                        th scope="row" {
                            a href=(paths::replay(one.id)) { @if one.dry_run { "Dry run" } @else { "Replay" } }
                            small { "of " (meant(one.dead_letter, one.reason.as_deref())) }
                        }
                        td data-label="Requested" { (format::moment(one.asked_at)) }
                        td data-label="Rate" { @if !one.dry_run { (rate(one.rate)) } }
                        td data-label="State" { (state.shown()) }
                        td data-label="Letters" { (progress(one)) }
                        td data-label="Action" { @if may_act && state.is_open() { (form::stop(one.id)) } }
                    }
                }
            }
        }
    }
}

/// How far it has come.
pub(super) fn progress(replay: &Replay) -> Markup {
    let kept = replay.counts.sum() - replay.counts.confirmed;
    let done = replay.done();
    let total = match State::of(replay) {
        // Some may have been discarded before their turn, and some come late.
        State::Done => done,
        _ => replay.dead_letters.max(done),
    };
    format::progress(done, Some(total), kept)
}

/// Which dead letters are meant.
pub(super) fn meant(dead_letter: Option<Uuid>, reason: Option<&str>) -> Markup {
    html! {
        @match (dead_letter, reason) {
            (Some(id), _) => { a href=(paths::dead_letter(id)) { "one letter" } }
            (None, Some(reason)) => { a href=(paths::dead_letters_of(reason, None)) { bdi { (reason) } } }
            (None, None) => { "all letters" }
        }
    }
}

/// At which rate.
pub(super) fn rate(rate: Option<u32>) -> String {
    match rate {
        Some(rate) => format!("{rate} a second"),
        None => "as fast as the broker confirms".to_owned(),
    }
}
