//! Waybill.
pub mod clock;
pub mod config;
pub mod core;
pub mod http;
pub mod telemetry;
