//! What is written, committed and acknowledged together.

use super::held::Held;
use crate::broker::{Acker, BrokerError};
use crate::telemetry::{CutReason, Telemetry};

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
pub(super) struct Batch {
    pub(super) held: Vec<Held>,
    pub(super) bytes: usize,
    acker: Acker,
}

impl Batch {
    pub(super) fn new(acker: Acker) -> Self {
        Self {
            held: Vec::new(),
            bytes: 0,
            acker,
        }
    }

    /// What is here, leaving an empty batch of the same channel.
    pub(super) fn take(&mut self) -> Self {
        let next = Self::new(self.acker.clone());
        std::mem::replace(self, next)
    }

    /// Counts what will come again.
    pub(super) fn returned(&self, telemetry: &Telemetry) {
        telemetry.returned(self.held.len() as u64);
    }

    /// Why it takes no more, once it does.
    pub(super) fn full(&self, limits: BatchLimits) -> Option<CutReason> {
        if self.held.len() >= limits.events {
            Some(CutReason::Count)
        } else if self.bytes >= limits.bytes {
            Some(CutReason::Bytes)
        } else {
            None
        }
    }

    /// Acknowledges all of it.
    pub(super) async fn acknowledge(&self) -> Result<(), BrokerError> {
        let last = self.held.last().map_or(0, |held| held.delivery.tag);
        self.acker.ack_through(last).await
    }
}
