//! Handles messages of a channel that were not confirmed in time.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use super::channel::{Channel, InFlight, Open, Queued};
use super::probe;
use super::settle::Outcome;
use crate::store::write::outbox::Slow;
use crate::store::write::slow_outbox::Destination;

impl Channel {
    /// Messages were not confirmed in time. At fault are the destinations of messages overtaken by
    /// younger ones on the same channel, or the only destination of the channel if younger messages
    /// were confirmed on other channels; otherwise it probes for them.
    pub(super) async fn expire(&mut self) {
        let now = Instant::now();
        let Some(Open { connection, .. }) = &self.open else {
            return;
        };
        if connection.is_blocked() {
            // The broker blocks all publishers at present.
            self.sent.values_mut().for_each(|sent| sent.since = now);
            return;
        }
        let connection = Arc::clone(connection);
        let oldest = self.sent.values().map(|sent| sent.since).min();
        let works = oldest.is_some_and(|oldest| connection.has_confirmed_since(oldest));
        let mut at_fault = self.overtaken(now);
        self.retire();
        if !works {
            self.away_until = Some(self.shared.give_up(&connection).await);
        }
        let sent = std::mem::take(&mut self.sent).into_values();
        let mut sent: Vec<Queued> = sent.map(|sent| sent.queued).collect();
        if at_fault.is_empty() {
            let destinations = sent.iter().map(|queued| queued.row.destination());
            let destinations: HashSet<_> = destinations.collect();
            if works && destinations.len() == 1 {
                at_fault = destinations;
            } else {
                sent = self.probe_each(sent, &mut at_fault).await;
            }
        }
        for destination in &at_fault {
            let (exchange, key) = (&destination.exchange, &destination.routing_key);
            tracing::warn!(
                exchange,
                key,
                "a destination does not confirm: its messages move to the slow lane"
            );
            self.relay.destinations.blame(destination.clone());
        }
        for queued in sent {
            let outcome = match at_fault.contains(&queued.row.destination()) {
                true => Outcome::Slow(Slow::Timeout, None),
                false => Outcome::Lost,
            };
            self.settle(queued, outcome).await;
        }
    }

    fn overtaken(&self, now: Instant) -> HashSet<Destination> {
        let overtaken = self.sent.range(..self.furthest);
        let late = |(number, sent): &(&u64, &InFlight)| {
            now.duration_since(sent.since) >= self.patience(**number, sent)
        };
        let late = overtaken.filter(late);
        late.map(|(_, sent)| sent.queued.row.destination())
            .collect()
    }

    /// Publishes the first message to each destination; returns the others, still without an
    /// outcome.
    async fn probe_each(
        &mut self,
        sent: Vec<Queued>,
        at_fault: &mut HashSet<Destination>,
    ) -> Vec<Queued> {
        let (first, rest) = probe::first_of_each(sent, |queued| queued.row.destination());
        let rows = first.iter().map(|queued| (*queued.row).clone()).collect();
        let outcomes = self.relay.probe(rows, &mut self.closing).await;
        for (queued, outcome) in first.into_iter().zip(outcomes) {
            if matches!(outcome, Outcome::Slow(..)) {
                at_fault.insert(queued.row.destination());
            }
            self.settle(queued, outcome).await;
        }
        rest
    }
}
