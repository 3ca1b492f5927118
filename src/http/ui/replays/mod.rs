//! Replays of dead letters: starting and stopping them, and their progress.

mod actions;
pub(super) mod form;
mod replay;
mod request;
pub(super) mod table;

use axum::Router;
use axum::routing::{get, post};

use super::paths;
use crate::http::state::Api;

/// The routes of the pages.
pub(super) fn pages() -> Router<Api> {
    Router::new().route(paths::REPLAY, get(replay::get))
}

/// The routes of the actions.
pub(super) fn actions() -> Router<Api> {
    Router::new()
        .route(paths::CONFIRM_REPLAY, get(actions::confirm))
        .route(paths::REPLAYS, post(actions::start))
        .route(paths::STOP_REPLAY, post(actions::stop))
}
