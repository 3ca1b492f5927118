//! The forms that start and stop replays.

use maud::{Markup, html};

use super::request::ReplayQuery;
use crate::domain::access::{Access, Scope};
use crate::http::ui::paths;
use crate::store::admin::replay::RATE_MAX;
use crate::store::write::dead_letter::DeadLetterSelection;

/// Starts a replay, with a rate, or a dry run. More than one dead letter requires a confirmation.
pub(in crate::http) fn replay(dead_letters: &DeadLetterSelection, access: &Access) -> Markup {
    if !access.allows(Scope::Admin) {
        return html! {
            p.hint { "Replaying requires an " code { "admin" } " key." }
        };
    }
    let is_one = dead_letters.dead_letter.is_some();
    html! {
        form.replay method="post" action=(paths::REPLAYS) {
            (selection(dead_letters))
            @if !is_one {
                label {
                    "Dead letters per second"
                    input type="number" name="rate" min="1" max=(RATE_MAX) placeholder="no limit" autocomplete="off";
                }
            }
            button type="submit" name="dry_run" value="yes" { "Dry run" }
            @if is_one {
                button type="submit" { "Replay" }
            } @else {
                button type="submit" formaction=(paths::CONFIRM_REPLAY) formmethod="get" { "Replay …" }
            }
        }
    }
}

/// Confirms a replay with the same parameters.
pub(super) fn confirm(query: &ReplayQuery) -> Markup {
    html! {
        form.replay method="post" action=(paths::REPLAYS) {
            (selection(&query.dead_letters))
            @if let Some(rate) = query.rate { input type="hidden" name="rate" value=(rate); }
            button type="submit" { "Replay" }
            a href=(paths::DEAD_LETTERS) { "Back" }
        }
    }
}

/// Stops a replay.
pub(super) fn stop(id: uuid::Uuid) -> Markup {
    html! {
        form.stop method="post" action=(paths::STOP_REPLAY) {
            input type="hidden" name="id" value=(id);
            button type="submit" { "Stop" }
        }
    }
}

fn selection(dead_letters: &DeadLetterSelection) -> Markup {
    let (name, value) = match (&dead_letters.dead_letter, &dead_letters.reason) {
        (Some(dead_letter), _) => ("letter", dead_letter.to_string()),
        (None, Some(reason)) => ("reason", reason.clone()),
        (None, None) => ("all", "yes".to_owned()),
    };
    html! { input type="hidden" name=(name) value=(value); }
}
