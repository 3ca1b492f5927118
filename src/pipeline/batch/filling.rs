//! A batch while it is filled with deliveries of one channel, and when it is full.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::entry::Entry;
use crate::broker::{Acker, BrokerError};
use crate::telemetry::{CutReason, Telemetry};

/// A batch of at least this many deliveries is written in several transactions.
const LARGE: usize = 200;
/// A batch waits at most this long for the batches before it.
pub(in crate::pipeline) const PATIENCE: Duration = Duration::from_secs(1);

/// When a batch is full.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// This many deliveries.
    pub events: usize,
    /// This many bytes.
    pub bytes: usize,
}

/// Deliveries of one channel that are written, committed and acknowledged together.
#[derive(Debug)]
pub(in crate::pipeline) struct Batch {
    /// All events of a process are in the same share.
    shares: Vec<Vec<Entry>>,
    count: usize,
    bytes: usize,
    /// How long its deliveries took to decode.
    pub(in crate::pipeline) decoding: Duration,
    acker: Acker,
    /// The newest delivery tag: acknowledging it with `multiple` covers the whole batch.
    newest: u64,
    under_way: Option<Ticket>,
    /// Until when it waits for the batches before it.
    patience: Instant,
}

impl Batch {
    /// An empty batch, to be written in `shares` shares, at least one.
    pub(in crate::pipeline) fn new(acker: Acker, shares: usize) -> Self {
        Self {
            shares: (0..shares).map(|_| Vec::new()).collect(),
            count: 0,
            bytes: 0,
            decoding: Duration::ZERO,
            acker,
            newest: 0,
            under_way: None,
            patience: Instant::now(),
        }
    }

    /// Adds a delivery.
    pub(in crate::pipeline) fn push(&mut self, entry: Entry) {
        if self.is_empty() {
            self.patience = Instant::now() + PATIENCE;
        }
        self.newest = entry.delivery.tag;
        self.bytes += entry.bytes();
        self.count += 1;
        let share = entry.share(self.shares.len());
        if let Some(share) = self.shares.get_mut(share) {
            share.push(entry);
        }
    }

    /// Until when it waits for the batches before it.
    pub(in crate::pipeline) fn patience(&self) -> Instant {
        self.patience
    }

    /// How many deliveries it holds.
    pub(in crate::pipeline) fn len(&self) -> usize {
        self.count
    }

    pub(in crate::pipeline) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes the shares, which can be written at the same time. A small batch has one share: it
    /// pays the fixed cost of a transaction once.
    pub(in crate::pipeline) fn take_shares(&mut self) -> Vec<Vec<Entry>> {
        let mut shares = std::mem::take(&mut self.shares);
        if self.count < LARGE
            && let Some((first, others)) = shares.split_first_mut()
        {
            others.iter_mut().for_each(|other| first.append(other));
        }
        shares
    }

    /// Takes the batch, leaving an empty one of the same channel.
    pub(in crate::pipeline) fn take(&mut self) -> Self {
        let next = Self::new(self.acker.clone(), self.shares.len());
        std::mem::replace(self, next)
    }

    /// Counts it as under way until it is dropped.
    pub(in crate::pipeline) fn start(&mut self, under_way: &UnderWay) {
        self.under_way = Some(under_way.ticket());
    }

    /// Counts its deliveries as requeued.
    pub(in crate::pipeline) fn returned(&self, telemetry: &Telemetry) {
        telemetry.returned(self.count as u64);
    }

    /// Why it is full, once it is.
    pub(in crate::pipeline) fn full(&self, limits: BatchLimits) -> Option<CutReason> {
        if self.count >= limits.events {
            Some(CutReason::Count)
        } else if self.bytes >= limits.bytes {
            Some(CutReason::Bytes)
        } else {
            None
        }
    }

    /// Acknowledges all of it.
    pub(in crate::pipeline) async fn acknowledge(&self) -> Result<(), BrokerError> {
        self.acker.ack_through(self.newest).await
    }
}

/// How many batches of a lane are under way.
#[derive(Debug, Clone, Default)]
pub(in crate::pipeline) struct UnderWay {
    count: watch::Sender<usize>,
}

/// One batch under way.
#[derive(Debug)]
struct Ticket {
    count: watch::Sender<usize>,
}

impl UnderWay {
    /// Waits until there is none, at most until `until`: one that can't be written must not keep
    /// the next one from being tried.
    pub(in crate::pipeline) async fn none(&self, until: Instant) {
        let mut count = self.count.subscribe();
        let none = count.wait_for(|count| *count == 0);
        // The channel can't close: `self` owns its sender.
        let _ = tokio::time::timeout_at(until, none).await;
    }

    fn ticket(&self) -> Ticket {
        self.count.send_modify(|count| *count += 1);
        Ticket {
            count: self.count.clone(),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
    }
}
