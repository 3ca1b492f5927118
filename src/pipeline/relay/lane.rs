//! The normal lane: each destination on a channel that it shares with few others or none, so that
//! one that confirms nothing keeps hardly any other waiting.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::channel::{Channel, Queued};
use super::line::SharedConnection;
use super::settle::{SETTLED_MAX, Settled};
use super::{Relay, RelayBatch, RelayReceiver, permits, size};
use crate::store::write::slow_outbox::Destination;

/// Channels on the one connection.
const CHANNELS: usize = 16;
/// Destinations whose channel is remembered; after that many all are given out afresh.
const REMEMBERED: usize = 4_096;

/// The channels, and which of them each destination has.
struct Lane {
    relay: Relay,
    lines: Arc<SharedConnection>,
    settled: mpsc::Sender<Settled>,
    queues: Vec<mpsc::UnboundedSender<Queued>>,
    places: HashMap<Destination, usize>,
    channels: JoinSet<()>,
}

impl Relay {
    /// Publishes what comes in until every mailbox is gone, or until told to give up.
    pub async fn publish(self, mut dead_letterbox: RelayReceiver, give_up: CancellationToken) {
        let (settled, receiver) = mpsc::channel(SETTLED_MAX);
        let (done, mut tasks) = (CancellationToken::new(), JoinSet::new());
        tasks.spawn(self.clone().settle(receiver));
        tasks.spawn(self.clone().watch_destinations(done.clone()));
        let lines = Arc::new(SharedConnection::new(self.clone()));
        let lane = Lane {
            relay: self,
            lines: Arc::clone(&lines),
            settled,
            queues: Vec::new(),
            places: HashMap::new(),
            channels: JoinSet::new(),
        };
        tokio::select! {
            () = give_up.cancelled() => {}
            () = lane.run(&mut dead_letterbox) => {}
        }
        lines.end().await;
        done.cancel();
        tasks.join_all().await;
    }
}

impl Lane {
    async fn run(mut self, dead_letterbox: &mut RelayReceiver) {
        while let Some(post) = dead_letterbox.posts.recv().await {
            self.distribute(post);
        }
        drop(self.queues);
        self.channels.join_all().await;
    }

    fn distribute(&mut self, post: RelayBatch) {
        let (committed, mut post_room) = (post.committed, post.room);
        for row in post.rows {
            let share = permits(size(&row)) as usize;
            let share = share.min(post_room.num_permits());
            let Some(room) = post_room.split(share) else {
                continue;
            };
            let place = self.place(row.destination());
            let queued = Queued {
                row: Box::new(row),
                committed,
                _room: room,
            };
            if let Some(queue) = self.queues.get(place) {
                // It takes messages for as long as there may be one.
                let _ = queue.send(queued);
            }
        }
    }

    /// The channel of a destination: one of its own while there are enough.
    fn place(&mut self, destination: Destination) -> usize {
        if let Some(place) = self.places.get(&destination) {
            return *place;
        }
        if self.places.len() >= REMEMBERED {
            self.places.clear();
        }
        if self.queues.len() < CHANNELS {
            let (queue, receiver) = mpsc::unbounded_channel();
            let channel = Channel::new(
                self.relay.clone(),
                Arc::clone(&self.lines),
                self.settled.clone(),
            );
            self.channels.spawn(channel.run(receiver));
            self.queues.push(queue);
        }
        let place = self.places.len() % CHANNELS;
        self.places.insert(destination, place);
        place
    }
}
