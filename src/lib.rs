//! Waybill.
pub mod clock;
pub mod core;
