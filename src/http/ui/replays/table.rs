//! Replays as the rows of a table, and texts that several pages use.

use maud::{Markup, html};
use uuid::Uuid;

use super::form;
use crate::http::ui::whose::Whose;
use crate::http::ui::{format, paths};
use crate::store::admin::replay::Replay;

tabled! {
    /// The state of a replay, with its name and the status of a process that is shown like it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum ReplayState with names: (&'static str, &'static str) {
        /// No relay works on it: it waits for earlier replays, or for its next turn.
        Waiting = ("waiting", "waiting");
        /// A relay works on it.
        Running = ("running", "running");
        /// It is retried after an error.
        Stalled = ("stalled", "warning");
        /// A stop was requested and it has not ended.
        Stopping = ("stopping", "running");
        /// It was stopped before all dead letters were processed.
        Stopped = ("stopped", "cancelled");
        /// All dead letters were processed.
        Done = ("done", "done");
    }
}

impl ReplayState {
    pub(super) fn of(replay: &Replay) -> Self {
        if replay.ended_at.is_some() {
            return if replay.is_through {
                Self::Done
            } else {
                Self::Stopped
            };
        }
        if replay.stop_requested_at.is_some() {
            return Self::Stopping;
        }
        match (&replay.problem, replay.begun_at) {
            (Some(_), _) => Self::Stalled,
            (None, Some(_)) if replay.is_claimed => Self::Running,
            // It has not started, or waits for its next turn.
            (None, _) => Self::Waiting,
        }
    }

    pub(super) fn is_open(self) -> bool {
        !matches!(self, Self::Stopped | Self::Done)
    }

    /// Its name, in the style of the status of a process.
    pub(super) fn shown(self) -> Markup {
        let (word, like) = self.names();
        html! { span.status data-status=(like) { (word) } }
    }
}

/// The table; with the scope `admin`, replays that have not ended can be stopped.
pub(in crate::http) fn replays(replays: &[Replay], is_admin: bool) -> Markup {
    html! {
        table.processes {
            (format::heads(&["Replay", "Requested", "Rate", "State", "Progress", "Action"]))
            tbody #replays {
                @for one in replays {
                    @let state = ReplayState::of(one);
                    tr id=(format!("replay-{}", one.id)) {
                        th scope="row" {
                            a href=(paths::replay(one.id)) { @if one.dry_run { "Dry run" } @else { "Replay" } }
                            small { "of " (selected(one.dead_letter, one.reason.as_deref())) }
                        }
                        td data-label="Requested" { (format::moment(one.requested_at)) }
                        td data-label="Rate" { @if !one.dry_run { (rate(one.rate)) } }
                        td data-label="State" { (state.shown()) }
                        td data-label="Progress" { (progress(one)) }
                        td data-label="Action" { @if is_admin && state.is_open() { (form::stop(one.id)) } }
                    }
                }
            }
        }
    }
}

/// Its progress.
pub(super) fn progress(replay: &Replay) -> Markup {
    let kept = replay.counts.sum() - replay.counts.confirmed;
    let done = replay.done();
    let total = match ReplayState::of(replay) {
        // Some may have been discarded before the replay reached them, and some were added since.
        ReplayState::Done => done,
        _ => replay.dead_letters.max(done),
    };
    format::progress(done, Some(total), kept)
}

/// The selected dead letters, with a link.
pub(super) fn selected(dead_letter: Option<Uuid>, reason: Option<&str>) -> Markup {
    html! {
        @match (dead_letter, reason) {
            (Some(id), _) => { a href=(paths::dead_letter(id)) { "one dead letter" } }
            (None, Some(reason)) => { a href=(paths::dead_letters_of(Whose::Own, reason, None)) { bdi { (reason) } } }
            (None, None) => { "all dead letters" }
        }
    }
}

/// The rate, in words.
pub(super) fn rate(rate: Option<u32>) -> String {
    match rate {
        Some(rate) => format!("{rate} a second"),
        None => "as fast as the broker confirms".to_owned(),
    }
}
