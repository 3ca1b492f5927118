//! The broker module against a real RabbitMQ.
mod consuming;
mod faults;
pub(super) mod ground;
mod headers;
mod hostile;
mod publishing;
mod raw;
mod routing;
mod tls;
