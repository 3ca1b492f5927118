//! What the normal lane does about messages that were not confirmed in time.

use std::collections::HashSet;
use std::time::Instant;

use super::channel::{Channel, Queued};
use super::line::Line;
use super::probe;
use super::settle::Outcome;
use crate::store::outbox::Slow;
use crate::store::slow_outbox::Destination;

impl Channel {
    /// Messages were not confirmed in time. At fault are the destinations of those that younger
    /// ones have overtaken; where none was overtaken, that is found out.
    pub(super) async fn expire(&mut self) {
        let now = Instant::now();
        if self.line.as_ref().is_some_and(Line::is_blocked) {
            // The broker takes nothing from anybody at present.
            self.sent.values_mut().for_each(|sent| sent.since = now);
            return;
        }
        let overtaken = self.sent.range(..self.furthest);
        let overtaken = overtaken
            .filter(|(number, sent)| now.duration_since(sent.since) >= self.patience(**number));
        let mut at_fault: HashSet<Destination> = overtaken
            .map(|(_, sent)| sent.queued.row.destination())
            .collect();
        self.retire();
        let sent = std::mem::take(&mut self.sent).into_values();
        let mut sent: Vec<Queued> = sent.map(|sent| sent.queued).collect();
        if at_fault.is_empty() {
            let (first, rest) = probe::first_of_each(sent, |queued| queued.row.destination());
            sent = rest;
            let rows = first.iter().map(|queued| queued.row.clone()).collect();
            let outcomes = self.relay.probe(rows, self.patience(self.furthest)).await;
            for (queued, outcome) in first.into_iter().zip(outcomes) {
                if matches!(outcome, Outcome::Slow(..)) {
                    at_fault.insert(queued.row.destination());
                }
                self.settle(queued, outcome).await;
            }
        }
        for destination in &at_fault {
            let (exchange, key) = (&destination.exchange, &destination.routing_key);
            tracing::warn!(
                exchange,
                key,
                "a destination does not confirm: its messages are set aside"
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
}
