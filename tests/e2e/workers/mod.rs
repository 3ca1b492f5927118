//! What workers and the janitor do with events while nothing fails.

pub(super) mod any_order;
pub(super) mod attempts;
pub(super) mod bad_messages;
pub(super) mod dead_queue;
pub(super) mod erasure;
pub(super) mod hot_tokens;
pub(super) mod identity;
pub(super) mod janitor;
pub(super) mod janitor_kept;
pub(super) mod kinds;
pub(super) mod limits;
pub(super) mod order_times;
pub(super) mod orders;
pub(super) mod parked_limit;
pub(super) mod replies;
pub(super) mod resend;
pub(super) mod unreadable;
