//! The broker module against a real RabbitMQ that these tests have to themselves.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helper may panic as the test itself may"
)]

mod consuming;
mod faults;
mod ground;
mod headers;
mod hostile;
mod proxy;
mod publishing;
mod raw;
mod routing;
mod tls;
