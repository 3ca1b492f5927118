//! The same input and output as Waybill without any logic: every batch's rows and messages were
//! worked out before the clock started. It consumes, runs the statements, acknowledges, publishes
//! and deletes, with the same overlap.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use waybill::broker::{self, Acker, Consumer, Next, Outgoing, Publisher, topology};
use waybill::config::Settings;
use waybill::core::ProcessKey;
use waybill::store::batch::{self, Changes};
use waybill::store::event::NewEvent;
use waybill::store::outbox::OutboxRow;
use waybill::store::{Connection, Store};

use super::Starter;
use crate::rehearsal::{self, Act};
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
    let prepared: Vec<Prepared> = rehearsal::acts(workload)?
        .into_iter()
        .map(|act| Prepared {
            messages: act.outbox.iter().map(rehearsal::outgoing).collect(),
            act,
        })
        .collect();
    let sizes: Vec<usize> = prepared
        .iter()
        .map(|prepared| prepared.act.messages)
        .collect();
    starter.ready().await?;
    let store = Store::new(&settings.database)?;
    let connection = broker::connect(&settings.broker, "bench null").await?;
    let consumer = Consumer::open(
        &connection,
        &topology::events_queue(0),
        settings.broker.prefetch,
    )
    .await?;
    let publishing = broker::connect(&settings.broker, "bench null publish").await?;
    let publisher = Publisher::open(&publishing, settings.broker.confirm_timeout).await?;
    let acker = consumer.acker();
    let (tags, taken) = mpsc::channel(1);
    let (posts, queued) = mpsc::channel(64);
    let mut tasks: JoinSet<anyhow::Result<()>> = JoinSet::new();
    tasks.spawn(take(consumer, sizes, tags));
    tasks.spawn(write(
        store.connection().await?,
        acker,
        prepared,
        taken,
        posts,
    ));
    tasks.spawn(publish(publisher, store, queued));
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    starter.wait_for_end().await?;
    connection.close().await;
    Ok(())
}

async fn take(
    mut consumer: Consumer,
    sizes: Vec<usize>,
    tags: mpsc::Sender<u64>,
) -> anyhow::Result<()> {
    for size in sizes {
        let mut held = Vec::with_capacity(size);
        while held.len() < size {
            let Next::Delivery(delivery) = consumer.next().await else {
                anyhow::bail!("the subscription ended");
            };
            held.push(delivery);
        }
        tags.send(held.last().map_or(0, |delivery| delivery.tag))
            .await?;
    }
    Ok(())
}

async fn write(
    connection: Connection,
    acker: Acker,
    prepared: Vec<Prepared>,
    mut taken: mpsc::Receiver<u64>,
    posts: mpsc::Sender<Post>,
) -> anyhow::Result<()> {
    let mut known = HashSet::new();
    for Prepared { act, messages } in prepared {
        let Some(tag) = taken.recv().await else {
            anyhow::bail!("nothing more to write");
        };
        let keys: Vec<_> = act.events.iter().map(|event| event.key).collect();
        let outbox = transact(&connection, act, &known).await?;
        known.extend(keys);
        posts.send((messages, outbox)).await?;
        acker.ack_through(tag).await?;
    }
    Ok(())
}

/// The transaction of Waybill's writer with given values.
async fn transact(
    connection: &Connection,
    act: Act,
    known: &HashSet<ProcessKey>,
) -> anyhow::Result<Vec<OutboxRow>> {
    let events: Vec<&NewEvent> = act.events.iter().collect();
    batch::begin(connection, &events, known, None).await?;
    batch::write_items(connection, &act.items, &act.questions).await?;
    let changes = Changes {
        processes: act.processes.iter().collect(),
        counts: act.counts.iter().collect(),
        outbox: act.outbox,
        dead_letters: Vec::new(),
        open: act.open,
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
