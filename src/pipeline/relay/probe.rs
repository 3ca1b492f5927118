//! Finds the destinations at fault when a channel is stuck: publishes a message to each, on a
//! channel of its own.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::task::JoinSet;

use super::Relay;
use super::channel::PATIENCE;
use super::settle::Outcome;
use super::single::{self, Limits};
use crate::broker;
use crate::store::write::outbox::{OutboxRow, Slow};
use crate::telemetry::RetryReason;

/// How many destinations are tried at a time; messages to more of them are due again at once.
const AT_ONCE: usize = 64;
/// Once one has confirmed, the others get this long.
const GRACE: Duration = Duration::from_secs(1);

/// Splits off the first message of each destination.
pub(super) fn first_of_each<T, D: Eq + std::hash::Hash>(
    all: Vec<T>,
    destination: impl Fn(&T) -> D,
) -> (Vec<T>, Vec<T>) {
    let mut seen = HashSet::new();
    all.into_iter().partition(|one| {
        let count = seen.len();
        count < AT_ONCE && seen.insert(destination(one))
    })
}

impl Relay {
    /// Publishes messages to different destinations, on a connection that it then closes in
    /// `closing`; returns their outcomes in order.
    pub(super) async fn probe(
        &self,
        rows: Vec<OutboxRow>,
        closing: &mut JoinSet<()>,
    ) -> Vec<Outcome> {
        let patience = self.broker.confirm_timeout.min(PATIENCE);
        let mut outcomes = vec![Outcome::Slow(Slow::Timeout, None); rows.len()];
        let connection = match broker::connect(&self.broker, "waybill probe").await {
            Ok(connection) => Arc::new(connection),
            Err(error) => {
                self.telemetry.retried(RetryReason::Confirm, &error);
                outcomes.fill(Outcome::Lost);
                return outcomes;
            }
        };
        let limits = Limits {
            limit: patience,
            partitions: self.broker.partitions,
        };
        let publishing = rows.into_iter().enumerate().map(|(place, row)| {
            let publishing = single::publish(Arc::clone(&connection), Box::new(row), None, limits);
            async move { (place, publishing.await) }
        });
        let mut publishing: FuturesUnordered<_> = publishing.collect();
        let mut until = Instant::now() + patience;
        while let Ok(Some((place, answered))) =
            tokio::time::timeout_at(until.into(), publishing.next()).await
        {
            if answered.outcome == Outcome::Confirmed {
                until = until.min(Instant::now() + GRACE);
            }
            if let Some(outcome) = outcomes.get_mut(place) {
                *outcome = answered.outcome;
            }
        }
        drop(publishing);
        closing.spawn(async move { connection.close().await });
        outcomes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_destination_is_split_off() {
        let split = first_of_each(vec!["a1", "a2", "b1", "a3", "b2"], |text| {
            text.chars().next()
        });
        assert_eq!(split, (vec!["a1", "b1"], vec!["a2", "a3", "b2"]));
    }
}
