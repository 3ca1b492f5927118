//! Waybill keeps one truthful record per upload or order.
//!
//! Services publish what happens to an upload as events on RabbitMQ. Workers consume these events
//! in batches, merge them into one record per process in PostgreSQL, publish a completion with the
//! process's token when it ends, and export Prometheus metrics. Everything an event causes is
//! written in one transaction, and the message is acknowledged only after that transaction has
//! committed.
//!
//! # In reading order
//!
//! - [`domain`]: the effect of an event on a process. Pure: no I/O, no clock, no JSON.
//! - [`wire`]: decodes events ([`mod@wire::decode`]) and encodes completions ([`wire::encode`]).
//! - [`store`]: PostgreSQL, with modules for writing, reading and administration.
//! - [`broker`]: RabbitMQ: connections, topology, a consumer, a publisher with confirms.
//! - [`files`]: the store of uploaded files.
//! - [`telemetry`]: metrics, logs and health, one function per kind of occurrence.
//! - [`pipeline`]: the only place that joins store and broker: consuming, batches, the relay, the
//!   janitor, replays.
//! - [`view`]: how a process is shown, in JSON and as text.
//! - [`http`]: the listeners: the native API, the pages, dialects of other systems; health and
//!   metrics.
//! - [`config`]: every setting, in one table. [`tls`], [`backoff`], [`clock`], `fair`, `lock` and
//!   `named` are helpers.
//! - [`app`]: one running process with its roles. [`cli`]: the commands.
//! - [`dev`]: private PostgreSQL and RabbitMQ servers for `waybill dev` and the tests.
//!
//! # The path of one event
//!
//! [`broker::consumer`] → `pipeline::consume::intake` (into a batch, decoded by
//! [`mod@wire::decode`]) → `pipeline::batch::writer` → the first half of the transaction
//! ([`store::write::batch`]) → the merge ([`pipeline::batch::merging`] by the rules of
//! [`domain::merge`]) → the ends of processes ([`pipeline::batch::decide`],
//! [`domain::completion_rules`]) → the second half, which commits → [`pipeline::batch`]
//! acknowledges → [`pipeline::relay`] publishes the completion and deletes its outbox row once it
//! is confirmed.
//!
//! # The path of one request
//!
//! [`http::listener`] → [`http::web`] (limits, authentication, rate, parameters) → a handler of
//! [`http::api`], `http::ui` or `http::compat` → `http::web::records` → [`view::read`] →
//! [`store::read`] → the record as JSON ([`view::record`]). [`http::submit`] turns a client's
//! submission into an event and publishes it; the event then takes the path above.
//!
//! # Invariants
//!
//! - Modules depend only from left to right: `main → cli → app → {pipeline, http} → view → {store,
//!   broker, files, wire, telemetry} → domain`. `store` and `broker` do not depend on each other.
//! - Commit, then acknowledge. Write the outbox row, then publish. A row leaves the outbox only
//!   after its confirm.
//! - A record is a function of the set of its events: every merge rule commutes, and the event log
//!   recognises duplicates. So workers compete for messages without any coordination.
//! - Locks are acquired in key order.
//! - A message that can't be applied becomes one dead letter with its bytes, in the same
//!   transaction as the rest of its batch.
//!
//! # Left out on purpose
//!
//! Ordering guarantees, state in a worker between batches, and an abstraction over other brokers or
//! databases.

#[macro_use]
mod named;

pub mod app;
pub mod backoff;
pub mod broker;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dev;
pub mod domain;
mod fair;
pub mod files;
pub mod http;
mod lock;
pub mod pipeline;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod view;
pub mod wire;
