//! A process as it was found, with what is shown of it.

use super::order::Order;
use crate::store::read::record::Record;

/// A process with what is wanted of it.
#[derive(Debug)]
pub struct FoundProcess {
    /// The record.
    pub record: Record,
    /// Where it stands, if it is an order and somebody wants to know.
    pub order: Option<Order>,
}
