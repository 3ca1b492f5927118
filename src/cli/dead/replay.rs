//! `waybill dead replay`: publishes letters once more, and forgets each after its confirm.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use uuid::Uuid;

use super::super::failure::{FAILED, Failure};
use super::super::{Sources, output, servers};
use super::choice::{Choice, Pages};
use crate::broker::{HeaderValue, Outgoing, Publisher, Verdict};
use crate::pipeline::letter;
use crate::store::Store;

/// The header that names the letter a message comes from. With it the message differs from the
/// one that was refused: refused again it becomes a letter of its own, which the deletion of the
/// first can't take along.
const REPLAY_OF: &str = "x-waybill-replay-of";
/// How many bytes of letters are held at once, unless a single one is longer.
const HELD_BYTES_MAX: i64 = 8 << 20;

/// Publish dead letters once more; each is forgotten when the broker has confirmed it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill dead replay 6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11
  waybill dead replay --reason refused_by_database

Each goes to the exchange waybill.events as its producer sent it, with the header
x-waybill-replay-of. What can't be applied again becomes a new letter.

Exit codes: 0 all confirmed, 1 some not (they are kept), 2 wrong usage or settings, 4 no such
letter.")]
pub(super) struct Replay {
    #[command(flatten)]
    choice: Choice,
}

pub(super) async fn run(replay: &Replay, sources: &Sources) -> Result<ExitCode, Failure> {
    let settings = servers::settings(sources)?;
    let store = Store::new(&settings.database)?;
    // First, so that nothing is published where a mistyped id is among them.
    for id in &replay.choice.ids {
        super::letter(&store, *id).await?;
    }
    let connection = servers::broker(&settings.broker).await?;
    let publisher = Publisher::open(&connection, settings.broker.confirm_timeout).await?;
    let mut replayer = Replayer {
        store: &store,
        publisher,
        counts: Counts::default(),
    };
    let outcome = replayer.all(&replay.choice).await;
    let counts = replayer.counts;
    connection.close().await;
    output::line(&counts.words())?;
    outcome?;
    let whole = counts.confirmed == counts.sent();
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

/// What became of the letters.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) confirmed: u64,
    pub(super) nacked: u64,
    pub(super) unroutable: u64,
    pub(super) damaged: u64,
}

impl Counts {
    fn sent(self) -> u64 {
        self.confirmed + self.nacked + self.unroutable + self.damaged
    }

    pub(super) fn words(self) -> String {
        let mut words = format!("replayed {} of {}", self.confirmed, self.sent());
        for (what, count) in [
            ("refused by a queue", self.nacked),
            ("taken by no queue", self.unroutable),
            ("damaged", self.damaged),
        ] {
            if count > 0 {
                words.push_str(&format!("; {what} {count}"));
            }
        }
        if self.confirmed < self.sent() {
            words.push_str("; what was not replayed is kept");
        }
        words
    }
}

struct Replayer<'a> {
    store: &'a Store,
    publisher: Publisher,
    counts: Counts,
}

impl Replayer<'_> {
    async fn all(&mut self, choice: &Choice) -> Result<(), Failure> {
        if !choice.ids.is_empty() {
            let once: BTreeSet<_> = choice.ids.iter().collect();
            let ids: Vec<_> = once
                .into_iter()
                .map(|id| (*id, HELD_BYTES_MAX / 100))
                .collect();
            return self.chunks(&ids).await;
        }
        let mut pages = Pages::new(self.store, choice.reason).await?;
        loop {
            let page = pages.next().await?;
            if page.is_empty() {
                return Ok(());
            }
            let sized: Vec<_> = page
                .iter()
                .map(|kept| (kept.letter.id, kept.body_bytes))
                .collect();
            self.chunks(&sized).await?;
        }
    }

    /// Letters with their sizes, as many at once as may be held.
    async fn chunks(&mut self, letters: &[(Uuid, i64)]) -> Result<(), Failure> {
        let mut chunk = Vec::new();
        let mut held = 0;
        for (id, bytes) in letters {
            if held + bytes > HELD_BYTES_MAX && !chunk.is_empty() {
                self.chunk(&std::mem::take(&mut chunk)).await?;
                held = 0;
            }
            held += bytes;
            chunk.push(*id);
        }
        self.chunk(&chunk).await
    }

    async fn chunk(&mut self, ids: &[Uuid]) -> Result<(), Failure> {
        let (mut sent, mut messages) = (Vec::new(), Vec::new());
        for id in ids {
            // A letter that is gone by now was somebody else's.
            let Some(kept) = self.store.show_dead_letter(*id).await? else {
                continue;
            };
            match letter::replay(&kept.letter) {
                Some(message) => {
                    sent.push(*id);
                    messages.push(marked(message, *id));
                }
                None => self.counts.damaged += 1,
            }
        }
        let verdicts = self.publisher.publish_all(&messages).await?;
        let mut confirmed = Vec::new();
        for (id, verdict) in sent.iter().zip(verdicts) {
            match verdict {
                Verdict::Confirmed => confirmed.push(*id),
                Verdict::Nacked => self.counts.nacked += 1,
                Verdict::Unroutable => self.counts.unroutable += 1,
            }
        }
        self.counts.confirmed += u64::try_from(confirmed.len()).unwrap_or(u64::MAX);
        self.store.delete_dead_letters(&confirmed).await?;
        Ok(())
    }
}

fn marked(mut message: Outgoing, id: Uuid) -> Outgoing {
    let headers = &mut message.properties.headers;
    headers.retain(|(name, _)| name != REPLAY_OF);
    headers.push((REPLAY_OF.to_owned(), HeaderValue::Text(id.to_string())));
    message
}
