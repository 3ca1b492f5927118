//! Dead letters: by reason, and each with its message as received. With the scope `admin` they can
//! be replayed.

mod body;
pub(super) mod counts;
pub(super) mod dead_letter;
pub(super) mod groups;
pub(super) mod list;

use axum::Router;
use axum::routing::get;

use super::paths;
use crate::http::state::Api;
use crate::http::web::{HttpProblem, ProblemKind};

const UNKNOWN: &str = "there is no such dead letter: it may have been replayed or discarded";

/// The routes of the pages.
pub(super) fn pages() -> Router<Api> {
    Router::new()
        .route(paths::DEAD_LETTERS, get(groups::get))
        .route(paths::DEAD_LETTERS_OF_REASON, get(list::get))
        .route(paths::DEAD_LETTER, get(dead_letter::get))
        .route(paths::DEAD_LETTER_BODY, get(body::get))
}

fn unknown_dead_letter() -> HttpProblem {
    HttpProblem::new(ProblemKind::NotFound, UNKNOWN)
}
