//! Dead letters: by reason, and each with its message as received. With the scope `admin` they can
//! be replayed.

pub(super) mod body;
pub(super) mod counts;
pub(super) mod dead_letter;
pub(super) mod groups;
pub(super) mod list;

use crate::http::web::{HttpProblem, ProblemKind};

const UNKNOWN: &str = "there is no such dead letter: it may have been replayed or discarded";

fn unknown_dead_letter() -> HttpProblem {
    HttpProblem::new(ProblemKind::NotFound, UNKNOWN)
}
