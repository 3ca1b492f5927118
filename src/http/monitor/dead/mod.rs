//! What could not be applied: by reason, letter by letter with all that was received, and sent once
//! more by whoever may.

mod act;
mod asked;
mod body;
mod form;
mod groups;
mod letter;
mod list;
mod replay;
mod table;

use axum::Router;
use axum::routing::{get, post};

use super::super::api::Api;
use super::super::api::parameters::Parameters;
use super::super::api::problem::{HttpProblem, Trouble};
use super::paths;
use uuid::Uuid;

const UNKNOWN: &str = "there is no such letter here: it may have been replayed or discarded";

/// What is shown.
pub(super) fn pages() -> Router<Api> {
    Router::new()
        .route(paths::DEAD_LETTERS, get(groups::get))
        .route(paths::LETTERS_OF_REASON, get(list::get))
        .route(paths::DEAD_LETTER, get(letter::get))
        .route(paths::DEAD_LETTER_BODY, get(body::get))
        .route(paths::REPLAY, get(replay::get))
}

/// What is done.
pub(super) fn acts() -> Router<Api> {
    Router::new()
        .route(paths::CONFIRM_REPLAY, get(act::confirm))
        .route(paths::REPLAYS, post(act::ask))
        .route(paths::STOP_REPLAY, post(act::stop))
}

/// The one parameter that these pages know.
fn id(mut parameters: Parameters) -> Result<Uuid, HttpProblem> {
    let id = parameters.take("id", |id| {
        Uuid::try_parse(id).map_err(|_| WRONG_ID.to_owned())
    });
    parameters.finish(&["id"])?;
    id.ok_or_else(|| HttpProblem::parameters(vec![format!("id {WRONG_ID}")]))
}

const WRONG_ID: &str = "must be a UUID";

fn unknown_letter() -> HttpProblem {
    HttpProblem::new(Trouble::NotFound, UNKNOWN)
}
