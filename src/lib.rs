//! Waybill.
pub mod backoff;
pub mod clock;
pub mod core;
