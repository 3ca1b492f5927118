//! The same input and output as Waybill without any logic: every batch's rows and messages were
//! computed before the clock started. It consumes, runs the statements, acknowledges, publishes
//! and deletes, with the same overlap.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use waybill::broker;
use waybill::broker::{Acker, Consumer, Next, Outgoing, Publisher, topology};
use waybill::config::Settings;
use waybill::domain::ProcessKey;
use waybill::store::write::batch;
use waybill::store::write::batch::Changes;
use waybill::store::write::event::{Corrections, NewEvent};
use waybill::store::write::outbox::OutboxRow;
use waybill::store::{Connection, Store};

use super::Starter;
use crate::rehearsal::{self, Act, SHARES, Scene};
use crate::workload::Workload;

const SWEEP_AFTER: Duration = Duration::from_secs(30);

/// An act with its messages ready to be sent.
struct Prepared {
    act: Act,
    messages: Vec<Outgoing>,
}

/// What is committed and must be published.
type Post = (Vec<Outgoing>, Vec<OutboxRow>);

pub(super) async fn run(
    settings: &Settings,
    mut starter: Starter,
    workload: Workload,
) -> anyhow::Result<()> {
    let scenes = rehearsal::scenes(workload)?;
    let sizes: Vec<usize> = scenes.iter().map(|scene| scene.messages).collect();
    let shares = shares(scenes);
    starter.ready().await?;
    let store = Store::new(&settings.database)?;
    let connection = broker::connect(&settings.broker, "bench null").await?;
    let queue = topology::events_queue(0);
    let consumer = Consumer::open(&connection, &queue, settings.broker.prefetch).await?;
    let publishing = broker::connect(&settings.broker, "bench null publish").await?;
    let publisher = Publisher::open(&publishing, settings.broker.confirm_timeout).await?;
    let acker = consumer.acker();
    let (posts, queued) = mpsc::channel(64);
    let (written, done) = mpsc::channel(1);
    let (tags, received) = mpsc::channel(1);
    let mut goes = Vec::new();
    let mut tasks: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for (place, share) in shares.into_iter().enumerate() {
        let (go, going) = mpsc::channel(1);
        goes.push(go);
        let writer = Writer {
            place,
            connection: store.connection().await?,
            going,
            posts: posts.clone(),
            written: written.clone(),
        };
        tasks.spawn(writer.write(share));
    }
    drop((posts, written));
    tasks.spawn(take(consumer, sizes, goes, tags));
    tasks.spawn(acknowledge(acker, received, done));
    tasks.spawn(publish(publisher, store, queued));
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    starter.wait_for_end().await?;
    connection.close().await;
    Ok(())
}

/// What each writer writes, in order.
fn shares(scenes: Vec<Scene>) -> Vec<Vec<Prepared>> {
    let mut shares: Vec<Vec<Prepared>> = (0..SHARES).map(|_| Vec::new()).collect();
    for scene in scenes {
        for (share, act) in shares.iter_mut().zip(scene.acts) {
            let messages = act.outbox.iter().map(rehearsal::outgoing).collect();
            share.push(Prepared { act, messages });
        }
    }
    shares
}

/// Starts every writer when a batch is received.
async fn take(
    mut consumer: Consumer,
    sizes: Vec<usize>,
    goes: Vec<mpsc::Sender<()>>,
    tags: mpsc::Sender<u64>,
) -> anyhow::Result<()> {
    for size in sizes {
        let mut batch = Vec::with_capacity(size);
        while batch.len() < size {
            let Next::Delivery(delivery) = consumer.next().await else {
                anyhow::bail!("the subscription ended");
            };
            batch.push(delivery);
        }
        for go in &goes {
            go.send(()).await?;
        }
        tags.send(batch.last().map_or(0, |delivery| delivery.tag))
            .await?;
    }
    Ok(())
}

/// Acknowledges each batch once every writer has written its share.
async fn acknowledge(
    acker: Acker,
    mut tags: mpsc::Receiver<u64>,
    mut done: mpsc::Receiver<usize>,
) -> anyhow::Result<()> {
    let mut ahead = [0_usize; SHARES];
    while let Some(place) = done.recv().await {
        if let Some(count) = ahead.get_mut(place) {
            *count += 1;
        }
        if ahead.iter().all(|count| *count > 0) {
            ahead.iter_mut().for_each(|count| *count -= 1);
            let tag = tags.recv().await.context("a batch without a tag")?;
            acker.ack_through(tag).await?;
        }
    }
    Ok(())
}

/// Writes one share of every batch.
struct Writer {
    place: usize,
    connection: Connection,
    going: mpsc::Receiver<()>,
    posts: mpsc::Sender<Post>,
    written: mpsc::Sender<usize>,
}

impl Writer {
    async fn write(mut self, prepared: Vec<Prepared>) -> anyhow::Result<()> {
        let mut known = HashSet::new();
        for Prepared { act, messages } in prepared {
            self.going.recv().await.context("nothing more to write")?;
            let keys: Vec<_> = act.events.iter().map(|event| event.key).collect();
            let outbox = transact(&self.connection, act, &known).await?;
            known.extend(keys);
            self.posts.send((messages, outbox)).await?;
            self.written.send(self.place).await?;
        }
        Ok(())
    }
}

/// The transaction of Waybill's writer with given values.
async fn transact(
    connection: &Connection,
    act: Act,
    known: &HashSet<ProcessKey>,
) -> anyhow::Result<Vec<OutboxRow>> {
    let events: Vec<&NewEvent> = act.events.iter().collect();
    batch::begin(connection, &events, known, None).await?;
    batch::write_items(
        connection,
        &Corrections::default(),
        &act.items,
        &act.questions,
    )
    .await?;
    let changes = Changes {
        processes: act.processes.iter().collect(),
        counts: act.counts.iter().collect(),
        outbox: act.outbox,
        dead_letters: Vec::new(),
        open: act.open,
        orders: None,
        kinds: None,
        refused_openings: Vec::new(),
    };
    batch::commit(connection, &changes, SWEEP_AFTER, 0).await?;
    Ok(changes.outbox)
}

async fn publish(
    mut publisher: Publisher,
    store: Store,
    mut queued: mpsc::Receiver<Post>,
) -> anyhow::Result<()> {
    while let Some((messages, rows)) = queued.recv().await {
        publisher.publish_all(&messages).await?;
        store
            .delete_outbox(&rows.iter().collect::<Vec<_>>())
            .await?;
    }
    Ok(())
}
