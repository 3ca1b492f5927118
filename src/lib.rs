//! Waybill.
pub mod clock;
pub mod config;
pub mod core;
pub mod telemetry;
