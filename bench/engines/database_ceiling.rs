//! What the database alone can do: the statements of the same batches with the real merge between
//! them, from decoded events, without a broker.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use waybill::config::Settings;
use waybill::domain::ProcessKey;
use waybill::store::write::batch;
use waybill::store::write::batch::Changes;
use waybill::store::write::outbox::OutboxRow;
use waybill::store::{Connection, Store};

use super::{Starter, say};
use crate::rehearsal::{self, SETTLE, SHARES};
use crate::workload::Workload;
use waybill::pipeline::batch::effects;
use waybill::pipeline::batch::event::{BatchEvent, find_repetitions, firsts};
use waybill::pipeline::batch::merging::Merged;
use waybill::pipeline::batch::orders::Orders;

const SWEEP_AFTER: Duration = Duration::from_secs(30);

pub(super) async fn run(
    settings: &Settings,
    mut starter: Starter,
    workload: Workload,
) -> anyhow::Result<()> {
    let mut shares: Vec<Vec<Vec<BatchEvent>>> = (0..SHARES).map(|_| Vec::new()).collect();
    for batch in rehearsal::decoded(workload)? {
        for (share, events) in shares.iter_mut().zip(batch) {
            share.push(events);
        }
    }
    starter.ready().await?;
    let store = Store::new(&settings.database)?;
    let (done, confirmed) = mpsc::channel(64);
    let mut tasks = JoinSet::new();
    for share in shares {
        tasks.spawn(write(store.connection().await?, share, done.clone()));
    }
    drop(done);
    tasks.spawn(delete(store, confirmed));
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    say("done")?;
    starter.wait_for_end().await
}

/// Writes one share of every batch.
async fn write(
    connection: Connection,
    batches: Vec<Vec<BatchEvent>>,
    done: mpsc::Sender<Vec<OutboxRow>>,
) -> anyhow::Result<()> {
    let mut known = HashSet::new();
    for mut events in batches {
        say("on")?;
        done.send(transact(&connection, &mut events, &known).await?)
            .await?;
        known.extend(events.iter().map(|event| event.new.key));
    }
    Ok(())
}

/// The transaction of Waybill's writer.
async fn transact(
    connection: &Connection,
    events: &mut [BatchEvent],
    known: &HashSet<ProcessKey>,
) -> anyhow::Result<Vec<OutboxRow>> {
    let mut events: Vec<&mut BatchEvent> = events.iter_mut().collect();
    find_repetitions(&mut events);
    let loaded = batch::begin(connection, &firsts(&events), known, None).await?;
    let merged = Merged::of(&mut events, loaded, Orders::default());
    let questions = merged.questions();
    let answers =
        batch::write_items(connection, &merged.corrections, &merged.items, &questions).await?;
    let decision = merged.decide(&answers.sequenced, SETTLE);
    let (counts, whole): (Vec<_>, Vec<_>) = decision.changed.iter().partition(|c| c.only_counts);
    let changes = Changes {
        outbox: effects::completions(&decision, answers.items, answers.place),
        processes: whole.into_iter().map(|changed| &changed.process).collect(),
        counts: counts.into_iter().map(|changed| &changed.process).collect(),
        dead_letters: Vec::new(),
        open: decision.open_change.clone(),
        orders: None,
        kinds: None,
        refused_openings: Vec::new(),
    };
    batch::commit(connection, &changes, SWEEP_AFTER, 0).await?;
    Ok(changes.outbox)
}

/// As after the confirms.
async fn delete(store: Store, mut confirmed: mpsc::Receiver<Vec<OutboxRow>>) -> anyhow::Result<()> {
    while let Some(rows) = confirmed.recv().await {
        store
            .delete_outbox(&rows.iter().collect::<Vec<_>>())
            .await?;
    }
    Ok(())
}
