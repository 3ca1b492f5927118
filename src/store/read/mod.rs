//! What clients and operators read: records, histories, the change feed, lists and dead letters.

pub mod audit_cursor;
pub mod dead_letter_scan;
pub mod dead_letters;
pub mod dry_run_lookup;
pub mod epoch;
pub mod event_outcome;
pub mod failed_item;
pub mod feed;
pub mod feed_cursor;
pub mod feed_lag;
pub mod history;
pub mod item_lookup;
pub mod last_step;
pub mod list;
pub mod list_cursor;
pub mod list_selection;
pub(super) mod list_statement;
pub mod numeric_id;
pub mod order_status;
pub mod pending;
pub mod process_state;
pub mod record;
pub mod stage_visit;
