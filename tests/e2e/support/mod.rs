//! What tests share: servers, a database and a virtual host for each test, workers, an independent
//! producer and consumer, and the invariants.

pub(super) mod address;
pub(super) mod bad_messages;
pub(super) mod certificates;
pub(super) mod channel;
pub(super) mod checker;
pub(super) mod client;
pub(super) mod command;
pub(super) mod forbidden_operations;
pub(super) mod ground;
pub(super) mod hostile_messages;
pub(super) mod hostile_values;
pub(super) mod multipart;
pub(super) mod omflow_client;
pub(super) mod openapi_document;
pub(super) mod ops;
pub(super) mod order_story;
pub(super) mod producer;
pub(super) mod proxy;
pub(super) mod python;
pub(super) mod recorder;
pub(super) mod scenario;
pub(super) mod scraper;
pub(super) mod servers;
pub(super) mod snapshots;
pub(super) mod story;
pub(super) mod worker;
