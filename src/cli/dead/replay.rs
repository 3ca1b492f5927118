//! `waybill dead replay`: publishes dead letters once more, and forgets each after its confirm.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use uuid::Uuid;

use super::selection::Choice;
use crate::cli::failure::{FAILED, Failure};
use crate::cli::{Sources, output, servers};
use crate::pipeline::replay::dry_run::DryRun;
use crate::pipeline::replay::rate_limit::Pace;
use crate::pipeline::replay::selection::{self, Pages};
use crate::pipeline::replay::sender::Sender;
use crate::store::Store;
use crate::store::admin::replay::{Counts, ExpectedCounts, RATE_MAX};

/// Dead letters by id that are held at once: nobody has looked how long each is.
const AT_ONCE: usize = 100;

/// Publish dead letters again; each is deleted when the broker has confirmed it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill dead replay 6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11
  waybill dead replay --reason unknown_workflow --dry-run
  waybill dead replay --reason refused_by_database --rate 50

Each goes to the exchange waybill.events as its producer sent it, with the header
x-waybill-replay-of. What can't be applied again becomes a new letter.

Exit codes: 0 all confirmed, 1 some not (they are kept), 2 wrong usage or settings, 4 no such
letter.")]
pub(super) struct Replay {
    #[command(flatten)]
    choice: Choice,
    /// At most so many dead letters per second.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(RATE_MAX)))]
    rate: Option<u32>,
    /// Publish nothing; show the expected result.
    #[arg(long, conflicts_with = "rate")]
    dry_run: bool,
}

pub(super) async fn run(replay: &Replay, sources: &Sources) -> Result<ExitCode, Failure> {
    let settings = servers::settings(sources)?;
    let store = Store::new(&settings.database)?;
    // First, so that nothing is published where a mistyped id is among them.
    for id in &replay.choice.ids {
        super::dead_letter(&store, *id).await?;
    }
    if replay.dry_run {
        let mut outlook = DryRun::new(&store, (&settings.limits).into());
        let look = async |ids: &[Uuid]| Ok(outlook.add(ids).await?);
        walk(&store, &replay.choice, AT_ONCE, look).await?;
        output::line(&outlook_words(outlook.expected()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let connection = servers::broker(&settings.broker).await?;
    let timeout = settings.broker.confirm_timeout;
    let mut replayer = Replayer {
        sender: Sender::open(&store, &connection, timeout).await?,
        pace: Pace::new(replay.rate),
        store,
        counts: Counts::default(),
    };
    let outcome = replayer.all(&replay.choice).await;
    let counts = replayer.counts;
    drop(replayer);
    connection.close().await;
    output::line(&words(counts))?;
    outcome?;
    let whole = counts.confirmed == counts.sum();
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

/// What would become of the dead letters, in a line.
pub(super) fn outlook_words(foreseen: &ExpectedCounts) -> String {
    let said = foreseen
        .iter()
        .map(|(name, count)| format!("{name} {count}"));
    let said: Vec<_> = said.collect();
    let sum: u64 = foreseen.values().sum();
    let colon = if said.is_empty() { "" } else { ": " };
    format!("would replay {sum}{colon}{}", said.join(", "))
}

/// What became of the dead letters, in a line.
pub(super) fn words(counts: Counts) -> String {
    let mut words = format!("replayed {} of {}", counts.confirmed, counts.sum());
    for (what, count) in [
        ("refused by the broker", counts.nacked),
        ("unroutable", counts.unroutable),
        ("damaged", counts.damaged),
    ] {
        if count > 0 {
            words.push_str(&format!("; {what} {count}"));
        }
    }
    if counts.confirmed < counts.sum() {
        words.push_str("; what was not replayed is kept");
    }
    words
}

struct Replayer<'a> {
    store: Store,
    sender: Sender<'a>,
    pace: Pace,
    counts: Counts,
}

impl Replayer<'_> {
    async fn all(&mut self, choice: &Choice) -> Result<(), Failure> {
        let (store, at_once) = (self.store.clone(), self.pace.dead_letters());
        walk(&store, choice, at_once, async |ids| self.some(ids).await).await
    }

    async fn some(&mut self, ids: &[Uuid]) -> Result<(), Failure> {
        self.pace.turn(ids.len()).await;
        let sent = self.sender.send(ids).await?;
        self.counts.add(sent.counts);
        self.store.delete_dead_letters(&sent.confirmed).await?;
        Ok(())
    }
}

/// Does something with all dead letters of a choice, so many at once at most.
async fn walk(
    store: &Store,
    choice: &Choice,
    at_once: usize,
    mut act: impl AsyncFnMut(&[Uuid]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if !choice.ids.is_empty() {
        let once: BTreeSet<Uuid> = choice.ids.iter().copied().collect();
        let once: Vec<Uuid> = once.into_iter().collect();
        for ids in once.chunks(at_once.min(AT_ONCE)) {
            act(ids).await?;
        }
        return Ok(());
    }
    let mut pages = Pages::new(store, choice.dead_letters()).await?;
    loop {
        let page = pages.next().await?;
        if page.is_empty() {
            return Ok(());
        }
        for piece in selection::pieces(&page, at_once) {
            let ids: Vec<Uuid> = piece
                .iter()
                .map(|dead_letter| dead_letter.place.id)
                .collect();
            act(&ids).await?;
        }
    }
}
