//! `waybill dead replay`: publishes dead letters again, and deletes each after its confirm.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use uuid::Uuid;

use super::selection::Choice;
use crate::cli::failure::{self, Failure};
use crate::cli::{Sources, name, output, servers};
use crate::pipeline::authorization::{Authorization, EventRules};
use crate::pipeline::replay::dry_run::DryRun;
use crate::pipeline::replay::rate_limit::Pace;
use crate::pipeline::replay::selection::{self, Pages};
use crate::pipeline::replay::sender::Sender;
use crate::store::Store;
use crate::store::admin::audit::{Act, Action};
use crate::store::admin::replay::{ExpectedCounts, RATE_MAX, ReplayCounts};

/// Dead letters selected by id that are in memory at the same time; their sizes are not known
/// before.
const BATCH_IDS: usize = 100;

/// Publish dead letters again; each is deleted when the broker has confirmed it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill dead replay 6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11
  waybill dead replay --reason unknown_workflow --dry-run
  waybill dead replay --reason refused_by_database --rate 50
  waybill dead replay 6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11 --as-tenant acme

Each is published to the exchange waybill.internal.events as its producer sent it, with headers
added: x-waybill-replay-of, and by whom it was published at first (x-waybill-exchange,
x-waybill-user), so that it has no more rights than before. One that again can't be applied becomes
a new dead letter. With --as-tenant, what was refused as not_allowed is applied all the same.

Exit codes: 0 all confirmed, 1 some not (they are kept), 2 wrong usage or settings, 4 no such dead
letter.")]
pub(super) struct Replay {
    #[command(flatten)]
    choice: Choice,
    /// Publish at most N dead letters per second.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(RATE_MAX)))]
    rate: Option<u32>,
    /// Make them events of this tenant, by any publisher and whatever they say.
    #[arg(long, value_name = "TENANT", conflicts_with = "dry_run")]
    as_tenant: Option<String>,
    /// Publish nothing; show the expected result.
    #[arg(long, conflicts_with = "rate")]
    dry_run: bool,
}

pub(super) async fn run(replay: &Replay, sources: &Sources) -> Result<ExitCode, Failure> {
    let settings = servers::settings(sources)?;
    let store = servers::store_of(&settings.database, sources)?;
    if let Some(tenant) = &replay.as_tenant {
        name::checked("--as-tenant", tenant).map_err(Failure::Usage)?;
    }
    // First, so that nothing is published if one of the ids is mistyped.
    for id in &replay.choice.ids {
        super::dead_letter(&store, *id).await?;
    }
    if replay.dry_run {
        let rules = EventRules {
            limits: (&settings.limits).into(),
            authorization: Authorization::fixed(&settings.tenancy, store.tenancy().await?),
        };
        let mut dry_run = DryRun::new(&store, rules);
        let add = async |ids: &[Uuid]| Ok(dry_run.add(ids).await?);
        for_each_batch(&store, &replay.choice, BATCH_IDS, add).await?;
        output::line(&expected_summary(dry_run.expected()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let which = match &replay.as_tenant {
        Some(tenant) => format!("{}, as events of tenant {tenant}", replay.choice.words()),
        None => replay.choice.words(),
    };
    let act = Act {
        action: Action::Replayed,
        object: &which,
        tenant: None,
    };
    store.announce(act).await?;
    let connection = servers::broker(&settings.broker).await?;
    let timeout = settings.broker.confirm_timeout;
    let mut replayer = Replayer {
        sender: Sender::open(&store, &connection, timeout)
            .await?
            .for_tenant(replay.as_tenant.clone()),
        pace: Pace::new(replay.rate),
        store,
        counts: ReplayCounts::default(),
    };
    let outcome = replayer.all(&replay.choice).await;
    let counts = replayer.counts;
    drop(replayer);
    connection.close().await;
    output::line(&summary(counts))?;
    outcome?;
    Ok(failure::exit_code(counts.confirmed == counts.sum()))
}

/// The expected outcomes of a replay, in one line.
pub(super) fn expected_summary(expected: &ExpectedCounts) -> String {
    let counts = output::counts(expected);
    let sum: u64 = expected.values().sum();
    let colon = if counts.is_empty() { "" } else { ": " };
    format!("would replay {sum}{colon}{counts}")
}

/// The outcomes of a replay, in one line.
pub(super) fn summary(counts: ReplayCounts) -> String {
    let mut summary = format!("replayed {} of {}", counts.confirmed, counts.sum());
    for (what, count) in [
        ("refused by the broker", counts.nacked),
        ("unroutable", counts.unroutable),
        ("damaged", counts.damaged),
    ] {
        if count > 0 {
            summary.push_str(&format!("; {what} {count}"));
        }
    }
    if counts.confirmed < counts.sum() {
        summary.push_str("; the others are kept");
    }
    summary
}

struct Replayer<'a> {
    store: Store,
    sender: Sender<'a>,
    pace: Pace,
    counts: ReplayCounts,
}

impl Replayer<'_> {
    async fn all(&mut self, choice: &Choice) -> Result<(), Failure> {
        let (store, batch_size) = (self.store.clone(), self.pace.dead_letters());
        let replay = async |ids: &[Uuid]| self.batch(ids).await;
        for_each_batch(&store, choice, batch_size, replay).await
    }

    async fn batch(&mut self, ids: &[Uuid]) -> Result<(), Failure> {
        self.pace.turn(ids.len()).await;
        let sent = self.sender.send(ids).await?;
        self.counts.add(sent.counts);
        self.store.delete_dead_letters(&sent.confirmed).await?;
        Ok(())
    }
}

/// Calls `act` with the ids of all dead letters of a choice, at most `batch_size` at a time.
async fn for_each_batch(
    store: &Store,
    choice: &Choice,
    batch_size: usize,
    mut act: impl AsyncFnMut(&[Uuid]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if !choice.ids.is_empty() {
        let distinct: BTreeSet<Uuid> = choice.ids.iter().copied().collect();
        let distinct: Vec<Uuid> = distinct.into_iter().collect();
        for ids in distinct.chunks(batch_size.min(BATCH_IDS)) {
            act(ids).await?;
        }
        return Ok(());
    }
    let mut pages = Pages::new(store, choice.dead_letters()).await?;
    while let Some(page) = pages.next().await? {
        for piece in selection::pieces(&page, batch_size) {
            act(&selection::ids(piece)).await?;
        }
    }
    Ok(())
}
