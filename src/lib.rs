//! Waybill.
pub mod backoff;
pub mod broker;
pub mod clock;
pub mod core;
pub mod dev;
pub mod store;
pub mod tls;
pub mod wire;
