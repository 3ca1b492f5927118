//! The AMQP 0-9-1 client for RabbitMQ, and nothing else: it knows neither the store nor what an
//! event means.
//!
//! In reading order: [`connection`] (how a connection is opened, watched and closed; `address`,
//! `tls` and `dial` open it), [`topology`] (names of exchanges and queues, and their declaration;
//! [`tenant_exchanges`] of each tenant and its [`tenant_queue`]; [`restore`] of a deleted queue),
//! [`message`] with [`header`] and [`outgoing`] (received and
//! published messages, in own types), [`consumer`], [`window`] with [`publisher`] (publishing with
//! confirms), [`error`]. [`lapin_workarounds`] repair incoming frames before the client library
//! reads them, and read the broker's [`greeting`](lapin_workarounds::greeting); [`inspect`]
//! diagnoses a broker for operators.
//!
//! Invariants:
//!
//! - A connection that ends stays ended. Nothing is recovered automatically: delivery tags,
//!   confirms and the stream belong to one channel and end with it. The caller reconnects, declares
//!   and consumes again.
//! - No message can end the connection or the process: incoming frames are repaired before the
//!   client library reads them, and repaired messages are marked ([`Delivery::malformed`]).
//! - Every wait has a limit: the connect timeout, the confirm timeout, or [`OPERATION_TIMEOUT`].
//! - Consuming and publishing use separate connections, because a broker that blocks a publisher
//!   stops reading its whole connection, acknowledgements included.
//! - Nothing counts as published before its own confirm has come and no return has.
//!
//! Left out on purpose: automatic recovery, transactions, polling with `basic.get`.

mod address;
pub mod connection;
pub mod consumer;
mod dial;
pub mod error;
pub mod header;
pub mod inspect;
pub mod lapin_workarounds;
pub mod message;
pub mod outgoing;
pub mod publisher;
pub mod restore;
mod size;
pub mod tenant_exchanges;
pub mod tenant_queue;
mod tls;
pub mod topology;
pub mod window;

use std::time::Duration;

pub use self::connection::{Connection, connect};
pub use self::consumer::{Acker, Consumer, Ended, Next};
pub use self::error::BrokerError;
pub use self::header::HeaderValue;
pub use self::message::{Delivery, Properties};
pub use self::outgoing::Outgoing;
pub use self::publisher::Publisher;
pub use self::window::{Answer, Refusal, Unanswered, Verdict, Window};

/// How long a single request to a connected broker (open a channel, declare, acknowledge, …) may
/// take before it counts as failed.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);
