//! Waybill.
pub mod backoff;
pub mod broker;
pub mod clock;
pub mod core;
