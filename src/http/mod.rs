//! The HTTP servers: the listener for clients ([`listener`]) and the one for operators ([`ops`]).
//!
//! [`web`] has what all requests share: authentication, limits, parameters, waiting, problems.
//! Handlers are in [`api`] (the native API), `ui` (the pages) and `compat` (clients of other
//! systems); they share [`state`] and send events by [`submit`].

pub mod api;
mod compat;
pub mod listener;
pub mod ops;
pub mod state;
pub mod submit;
#[cfg(test)]
mod tests;
mod ui;
pub mod web;

pub use self::web::metrics_layer::ROUTES;
