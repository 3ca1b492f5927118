//! Waybill.
pub mod clock;
pub mod core;
pub mod dev;
