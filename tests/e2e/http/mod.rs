//! The native API: processes, lists, the feed, events, uploads, limits, and the documents.

pub(super) mod as_of;
pub(super) mod audit;
pub(super) mod documents;
pub(super) mod events;
pub(super) mod events_refused;
pub(super) mod feed;
pub(super) mod hostile_clients;
pub(super) mod hostile_parameters;
pub(super) mod many_waiters;
pub(super) mod metrics;
pub(super) mod openapi;
pub(super) mod process_batch;
pub(super) mod process_list;
pub(super) mod processes;
pub(super) mod quotas;
pub(super) mod rate_limits;
pub(super) mod remote_commands;
pub(super) mod tls;
pub(super) mod unread_bodies;
pub(super) mod unreadable_records;
pub(super) mod uploads;
