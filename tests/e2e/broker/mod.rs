//! The broker module against a real RabbitMQ that these tests have to themselves.
mod consuming;
mod faults;
mod ground;
mod headers;
mod hostile;
mod publishing;
mod raw;
mod routing;
mod tls;
