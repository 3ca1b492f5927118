//! What is served over HTTP.
//!
//! Who may connect, for how long and with how much is decided in [`self::web::connection_limits`]; handlers see only
//! whole requests.

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
