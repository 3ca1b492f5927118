//! Replays of dead letters: started and stopped here, and how far each has come.

mod actions;
pub(super) mod form;
mod replay;
mod request;
pub(super) mod table;

use axum::Router;
use axum::routing::{get, post};

use super::paths;
use crate::http::state::Api;

/// What is shown.
pub(super) fn pages() -> Router<Api> {
    Router::new().route(paths::REPLAY, get(replay::get))
}

/// What is done.
pub(super) fn acts() -> Router<Api> {
    Router::new()
        .route(paths::CONFIRM_REPLAY, get(actions::confirm))
        .route(paths::REPLAYS, post(actions::ask))
        .route(paths::STOP_REPLAY, post(actions::stop))
}
