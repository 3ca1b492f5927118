//! Waybill.
pub mod clock;
pub mod core;
pub mod store;
pub mod tls;
