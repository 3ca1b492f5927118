//! Waybill keeps one truthful record per upload or order.
//!
//! Services publish what happens to an upload as events on RabbitMQ. Workers take those events in
//! batches, merge them into one record per process in PostgreSQL, publish a completion that
//! carries the process's token when it ends, and export what they do as Prometheus metrics.
//! Everything an event causes is written in one transaction, and the message is acknowledged only
//! after that transaction has committed; everything else follows from there.
//!
//! # In reading order
//!
//! - [`domain`]: what an event does to a process. Pure: no I/O, no clock, no JSON.
//! - [`wire`]: bytes to events ([`mod@wire::decode`]) and completions to bytes ([`wire::encode`]).
//! - [`store`]: PostgreSQL, with doors for writing, reading and administration.
//! - [`broker`]: RabbitMQ: connections, topology, a consumer, a publisher that knows what arrived.
//! - [`files`]: where the contents of uploads are kept.
//! - [`telemetry`]: metrics, logs and health, one function per happening.
//! - [`pipeline`]: the only place that joins store and broker: consuming, batches, the relay, the
//!   janitor, replays.
//! - [`view`]: what is shown of a process, in JSON and in words.
//! - [`http`]: the listeners: the native API, the pages, clients of other systems; health and metrics.
//! - [`config`]: every setting, in one table. [`tls`], [`backoff`] and [`clock`] serve the edges.
//! - [`app`]: one running process with its roles. [`cli`]: the commands.
//! - [`dev`]: private PostgreSQL and RabbitMQ servers for `waybill dev` and the tests.
//!
//! # The path of one event
//!
//! [`broker::consumer`] → `pipeline::consume::intake` (into a batch, decoded by [`mod@wire::decode`]) →
//! `pipeline::batch::writer` → the first half of the transaction ([`store::write::batch`]) → the merge
//! ([`pipeline::batch::merging`] by the rules of [`domain::merge`]) → what ends
//! ([`pipeline::batch::decide`], [`domain::completion_rules`]) → the second half, which commits →
//! [`pipeline::batch`] acknowledges → [`pipeline::relay`] publishes the completion and deletes
//! its row in the outbox once it is confirmed.
//!
//! # The path of one request
//!
//! [`http::listener`] → [`http::web`] (limits, authentication, rate, parameters) → a handler of
//! [`http::api`], `http::ui` or `http::compat` → [`view::read`] → [`store::read`] → the record as JSON
//! ([`view::record`]). What a client sends becomes an event in [`http::submit`], is published, and takes
//! the path above.
//!
//! # Invariants
//!
//! - Left may use right, never back: `main → cli → app → {pipeline, http} → view → {store,
//!   broker, files, wire, telemetry} → domain`. `store` and `broker` do not know each other.
//! - Commit, then acknowledge. Write the outbox row, then publish. A row leaves the outbox only
//!   after its confirm.
//! - A record is a function of the set of its events: every merge rule commutes, and the event log
//!   recognises repetitions. So workers compete for messages without any coordination.
//! - Locks are taken in key order.
//! - Whatever can't be applied becomes one dead letter with its bytes, in its neighbours'
//!   transaction.
//!
//! # Left out on purpose
//!
//! No ordering guarantees are needed or given, no state is kept in a worker between batches, no
//! broker or database other than these two is abstracted over.

pub mod app;
pub mod backoff;
pub mod broker;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dev;
pub mod domain;
pub mod files;
pub mod http;
pub mod pipeline;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod view;
pub mod wire;
