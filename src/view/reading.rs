//! Processes as somebody asks for them, one or many: each with its parts, all of them in a fixed
//! number of questions to the database.

use super::order::{self, Order};
use super::parts::{Part, Parts};
use super::record::{View, view};
use crate::core::ProcessKey;
use crate::store::record::{Record, Wanted};
use crate::store::{Store, StoreError};

/// How much of a log and of items is shown of one process; `counts` tells how much there is.
pub const LISTED_MAX: i64 = 1_000;
/// How much data of events, and again of items, all that is asked for at once may bring.
const BYTES_MAX: i64 = 16 * 1024 * 1024;

/// What somebody wants to see.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Which process.
    pub key: ProcessKey,
    /// With which parts.
    pub parts: Parts,
}

/// A process with what is wanted of it.
#[derive(Debug)]
pub struct Found {
    /// The record.
    pub record: Record,
    /// Where it stands, if it is an order and somebody wants to know.
    pub order: Option<Order>,
}

/// Reads these processes, each at its place; `None` where nobody ever spoke of one.
pub async fn read(store: &Store, wishes: &[Wish]) -> Result<Vec<Option<Found>>, StoreError> {
    let wanted: Vec<_> = wishes.iter().map(Wish::wanted).collect();
    let records = store.records(&wanted, BYTES_MAX).await?;
    let with_stages = wishes.iter().zip(&records);
    let with_stages = with_stages.filter(|(wish, _)| wish.parts.has(Part::Stages));
    let with_stages = with_stages.filter_map(|(_, record)| record.as_ref());
    let orders = order::load(store, with_stages).await?;
    let found = |(wish, record): (&Wish, Option<Record>)| {
        let wants_order = wish.parts.has(Part::Stages);
        let order = orders.get(&wish.key).filter(|_| wants_order).cloned();
        record.map(|record| Found { record, order })
    };
    Ok(wishes.iter().zip(records).map(found).collect())
}

impl Wish {
    fn wanted(&self) -> Wanted {
        let most = |parts: &[Part]| i64::from(self.parts.has_any(parts)) * LISTED_MAX;
        Wanted {
            key: self.key,
            events: most(&[Part::Steps, Part::Events, Part::Late]),
            items: most(&[Part::Items, Part::Errors]),
        }
    }
}

impl Found {
    /// Reads the form out of it.
    #[must_use]
    pub fn view<'a>(&'a self, parts: &Parts) -> View<'a> {
        view(&self.record, self.order.as_ref(), parts)
    }
}
