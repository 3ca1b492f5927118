//! Dead letters: by reason, and each with its message as received. With the scope `admin` they can
//! be replayed.

pub(super) mod body;
pub(super) mod counts;
pub(super) mod dead_letter;
pub(super) mod groups;
pub(super) mod list;

use maud::{Markup, html};

use crate::domain::access::Access;
use crate::http::ui::replays::form;
use crate::http::ui::whose::Whose;
use crate::http::web::{HttpProblem, ProblemKind};
use crate::store::read::dead_letters::UNKNOWN_TENANT;
use crate::store::write::dead_letter::DeadLetterSelection;

const UNKNOWN: &str = "there is no such dead letter: it may have been replayed or discarded";

fn unknown_dead_letter() -> HttpProblem {
    HttpProblem::new(ProblemKind::NotFound, UNKNOWN)
}

/// The form that replays these dead letters, or how operators do it.
fn replay(whose: Whose, dead_letters: &DeadLetterSelection, access: &Access) -> Markup {
    match whose {
        Whose::Own => form::replay(dead_letters, access),
        Whose::Unknown => html! {
            p.hint {
                "Of no known tenant: operators replay or discard them with " code { "waybill dead" } "."
            }
        },
    }
}

/// The tenants whose dead letters are shown: its own, and to operators those of no known tenant.
fn tenants(access: &Access) -> Vec<&str> {
    let others = access.operates().then_some(UNKNOWN_TENANT);
    [access.tenant.as_str()].into_iter().chain(others).collect()
}
