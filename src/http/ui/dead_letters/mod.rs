//! What could not be applied: by reason, letter by letter with all that was received, and sent once
//! more by whoever may.

mod body;
pub(super) mod dead_letter;
pub(super) mod groups;
pub(super) mod list;

use axum::Router;
use axum::routing::{get, post};

use super::paths;
use super::replays::{actions, replay};
use crate::http::state::Api;
use crate::http::web::params::Parameters;
use crate::http::web::problem::{HttpProblem, Trouble};
use uuid::Uuid;

const UNKNOWN: &str = "there is no such letter here: it may have been replayed or discarded";

/// What is shown.
pub(super) fn pages() -> Router<Api> {
    Router::new()
        .route(paths::DEAD_LETTERS, get(groups::get))
        .route(paths::LETTERS_OF_REASON, get(list::get))
        .route(paths::DEAD_LETTER, get(dead_letter::get))
        .route(paths::DEAD_LETTER_BODY, get(body::get))
        .route(paths::REPLAY, get(replay::get))
}

/// What is done.
pub(super) fn acts() -> Router<Api> {
    Router::new()
        .route(paths::CONFIRM_REPLAY, get(actions::confirm))
        .route(paths::REPLAYS, post(actions::ask))
        .route(paths::STOP_REPLAY, post(actions::stop))
}

/// The one parameter that these pages know.
pub(super) fn id(mut parameters: Parameters) -> Result<Uuid, HttpProblem> {
    let id = parameters.take("id", |id| {
        Uuid::try_parse(id).map_err(|_| WRONG_ID.to_owned())
    });
    parameters.finish(&["id"])?;
    id.ok_or_else(|| HttpProblem::parameters(vec![format!("id {WRONG_ID}")]))
}

pub(super) const WRONG_ID: &str = "must be a UUID";

fn unknown_letter() -> HttpProblem {
    HttpProblem::new(Trouble::NotFound, UNKNOWN)
}
