//! The native API, one file for each resource.

pub(crate) mod cancel;
pub(super) mod documents;
pub(super) mod events;
pub(crate) mod feed_query;
pub(super) mod files;
pub(super) mod openapi;
pub(crate) mod orders;
pub(crate) mod post_events;
pub(crate) mod process;
pub(super) mod process_batch;
pub(super) mod processes;
pub(crate) mod uploads;
