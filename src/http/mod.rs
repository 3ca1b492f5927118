//! What is served over HTTP.
//!
//! Who may connect, for how long and with how much is decided in [`guard`]; handlers see only
//! whole requests.

pub mod api;
mod bodies;
pub mod clients;
mod dialects;
pub mod guard;
mod measure;
mod monitor;
pub mod ops;
#[cfg(test)]
mod tests;

pub use self::measure::ROUTES;
