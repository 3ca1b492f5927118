//! A process with the data that is shown of it.

use super::order::OrderDetails;
use crate::store::read::record::Record;

/// A process with the requested parts.
#[derive(Debug)]
pub struct FoundProcess {
    /// The record.
    pub record: Record,
    /// The status of an order, if it was requested.
    pub order: Option<OrderDetails>,
}
