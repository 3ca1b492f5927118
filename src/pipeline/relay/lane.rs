//! The normal lane: each destination has a channel that it shares with few others or none, so that
//! one that confirms nothing delays hardly any other.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::channel::{Channel, Queued};
use super::settle::{SETTLED_MAX, Settled};
use super::shared_connection::SharedConnection;
use super::{Relay, RelayBatch, RelayReceiver, permits, size};
use crate::store::write::slow_outbox::Destination;

/// Channels on the one connection.
const CHANNELS: usize = 16;
/// How many destinations have an assigned channel; beyond that, all are assigned again.
const REMEMBERED: usize = 4_096;

/// The channels, and the one assigned to each destination.
struct Lane {
    relay: Relay,
    shared: Arc<SharedConnection>,
    settled: mpsc::Sender<Settled>,
    queues: Vec<mpsc::UnboundedSender<Queued>>,
    assigned: HashMap<Destination, usize>,
    channels: JoinSet<()>,
}

impl Relay {
    /// Publishes received rows until every mailbox is dropped, or until `give_up`.
    pub async fn publish(self, mut incoming: RelayReceiver, give_up: CancellationToken) {
        let (settled, receiver) = mpsc::channel(SETTLED_MAX);
        let (done, mut tasks) = (CancellationToken::new(), JoinSet::new());
        tasks.spawn(self.clone().settle(receiver));
        tasks.spawn(self.clone().watch_destinations(done.clone()));
        let shared = Arc::new(SharedConnection::new(self.clone()));
        let lane = Lane {
            relay: self,
            shared: Arc::clone(&shared),
            settled,
            queues: Vec::new(),
            assigned: HashMap::new(),
            channels: JoinSet::new(),
        };
        tokio::select! {
            () = give_up.cancelled() => {}
            () = lane.run(&mut incoming) => {}
        }
        shared.end().await;
        done.cancel();
        tasks.join_all().await;
    }
}

impl Lane {
    async fn run(mut self, incoming: &mut RelayReceiver) {
        while let Some(batch) = incoming.batches.recv().await {
            self.distribute(batch);
        }
        drop(self.queues);
        self.channels.join_all().await;
    }

    fn distribute(&mut self, batch: RelayBatch) {
        let (committed, mut batch_room) = (batch.committed, batch.room);
        for row in batch.rows {
            let share = permits(size(&row)) as usize;
            let share = share.min(batch_room.num_permits());
            let Some(room) = batch_room.split(share) else {
                continue;
            };
            let place = self.place(row.destination());
            let queued = Queued {
                row: Box::new(row),
                committed,
                _room: room,
            };
            if let Some(queue) = self.queues.get(place) {
                // The channel lives as long as this sender.
                let _ = queue.send(queued);
            }
        }
    }

    /// The channel of a destination: one of its own while there are enough channels.
    fn place(&mut self, destination: Destination) -> usize {
        if let Some(place) = self.assigned.get(&destination) {
            return *place;
        }
        if self.assigned.len() >= REMEMBERED {
            self.assigned.clear();
        }
        if self.queues.len() < CHANNELS {
            let (queue, receiver) = mpsc::unbounded_channel();
            let channel = Channel::new(
                self.relay.clone(),
                Arc::clone(&self.shared),
                self.settled.clone(),
            );
            self.channels.spawn(channel.run(receiver));
            self.queues.push(queue);
        }
        let place = self.assigned.len() % CHANNELS;
        self.assigned.insert(destination, place);
        place
    }
}
