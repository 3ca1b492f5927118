//! Sends completions again that were delivered or dropped before: the same id and the same body,
//! rebuilt from the record, as long as that is kept.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::broker::topology::COMPLETIONS_EXCHANGE;
use crate::domain::{ProcessKey, Status};
use crate::store::admin::resend::{EndedBetween, Sealed};
use crate::store::write::slow_outbox::RetryPlan;
use crate::store::{Store, StoreError};
use crate::view::completion;

/// How many completions are read and written at a time.
const AT_ONCE: i64 = 500;

/// Why there is no completion of a process that has ended.
const UNREADABLE: &str = "its record can't be read by this version, or is being deleted";

/// Schedules completions to be sent again at a limited rate.
#[derive(Debug)]
pub struct Resend {
    store: Store,
    /// The maximum per second.
    rate: u32,
    /// Whether to only count them.
    dry_run: bool,
    done: Resent,
}

/// Outcomes of the completions.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Resent {
    /// To be sent again, by status.
    pub by_status: BTreeMap<&'static str, u64>,
    /// Still in the outbox, and left as they are.
    pub pending: u64,
    /// Those that can't be rebuilt, by token or, if that can't be read, by key; and why.
    pub failed: Vec<(String, &'static str)>,
}

impl Resent {
    /// How many are to be sent again.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.by_status.values().sum()
    }
}

impl Resend {
    /// A resend that has sent nothing yet.
    #[must_use]
    pub fn new(store: &Store, rate: u32, dry_run: bool) -> Self {
        Self {
            store: store.clone(),
            rate: rate.max(1),
            dry_run,
            done: Resent::default(),
        }
    }

    /// Resends the completion of one process; `false` if it has not ended, or has none.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn one(&mut self, key: ProcessKey) -> Result<bool, StoreError> {
        let kept = self.store.completions(&[key]).await?;
        let found = !kept.is_empty();
        self.some(kept.into_values()).await?;
        Ok(found)
    }

    /// Resends the completions of all processes that a query selects.
    ///
    /// # Errors
    ///
    /// If the database fails; what was done until then stays done.
    pub async fn all(&mut self, query: &EndedBetween) -> Result<(), StoreError> {
        let mut last: Option<Sealed> = None;
        loop {
            let page = self.store.ended_between(query, last, AT_ONCE).await?;
            let Some(newest) = page.last() else {
                return Ok(());
            };
            last = Some(*newest);
            let keys: Vec<_> = page.iter().map(|sealed| sealed.key).collect();
            let mut kept = self.store.completions(&keys).await?;
            let (mut ordered, mut lost) = (Vec::with_capacity(keys.len()), Vec::new());
            for key in keys {
                match kept.remove(&key) {
                    Some(kept) => ordered.push(kept),
                    None => lost.push((key.0.to_string(), UNREADABLE)),
                }
            }
            self.done.failed.extend(lost);
            self.some(ordered).await?;
        }
    }

    /// The outcomes.
    #[must_use]
    pub fn done(self) -> Resent {
        self.done
    }

    async fn some(&mut self, kept: impl IntoIterator<Item = RetryPlan>) -> Result<(), StoreError> {
        let (mut rows, mut statuses): (Vec<_>, Vec<Status>) = (Vec::new(), Vec::new());
        for kept in kept {
            match completion::row_again(&kept, COMPLETIONS_EXCHANGE) {
                Ok(row) => {
                    statuses.push(kept.completion.status);
                    rows.push(row);
                }
                Err(why) => self.done.failed.push((kept.completion.token, why)),
            }
        }
        let pause = Duration::from_secs(1) / self.rate;
        let before = u32::try_from(self.done.sum()).unwrap_or(u32::MAX);
        if !self.dry_run {
            let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            let start = pause.saturating_mul(before);
            let sent = self.store.resend(&rows, start, pause).await?;
            self.done.pending += count - sent;
        }
        for status in statuses {
            *self.done.by_status.entry(status.name()).or_default() += 1;
        }
        Ok(())
    }
}
