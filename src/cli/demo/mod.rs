//! `waybill dev --demo`: publishes the samples of `examples/events` repeatedly, each time with new
//! tokens, and prints their completions as they arrive.

mod completions;
mod samples;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use self::completions::{CompletionConsumer, ShownCompletion};
use self::samples::SampleProcess;
use super::output;
use crate::broker::{self, Outgoing, Publisher, Verdict};
use crate::clock;
use crate::config::BrokerSettings;
use crate::domain::Status;
use crate::store::Store;

/// Rounds of a finite demo: each sample once per round.
const ROUNDS: usize = 4;
/// The pause between two events of a sample.
const PAUSE: Duration = Duration::from_millis(60);
/// How long a finite demo waits for outstanding completions.
const COMPLETION_TIMEOUT: Duration = Duration::from_secs(30);

/// The results of a finite demo.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Summary {
    /// Events sent that can be applied.
    pub(super) events: usize,
    /// Events sent that can't be applied.
    pub(super) bad: usize,
    /// Completions with the expected status.
    pub(super) right: usize,
    /// Completions with another status.
    pub(super) wrong: usize,
    /// Completions that never arrived.
    pub(super) missing: usize,
}

/// Publishes samples until stopped, or a fixed number of them.
pub(super) async fn run(
    settings: &BrokerSettings,
    store: &Store,
    once: bool,
    stop: &CancellationToken,
) -> anyhow::Result<Summary> {
    store.apply_workflows(&samples::WORKFLOWS).await?;
    let connection = broker::connect(settings, "waybill demo").await?;
    let publishing = broker::connect(settings, "waybill demo publish").await?;
    let mut demo = Demo {
        completions: CompletionConsumer::consume(&connection).await?,
        publisher: Publisher::open(&publishing, settings.confirm_timeout).await?,
        expected: HashMap::new(),
        summary: Summary::default(),
        stop,
    };
    let mut round = 0;
    while !stop.is_cancelled() && (!once || round < ROUNDS) {
        demo.publish_round().await?;
        round += 1;
    }
    let deadline = Instant::now() + COMPLETION_TIMEOUT;
    while once && !demo.expected.is_empty() && Instant::now() < deadline && !stop.is_cancelled() {
        demo.show(PAUSE).await?;
    }
    let mut summary = demo.summary;
    summary.missing = demo.expected.len();
    connection.close().await;
    publishing.close().await;
    Ok(summary)
}

struct Demo<'a> {
    completions: CompletionConsumer,
    publisher: Publisher,
    /// The expected final status of each process, by token.
    expected: HashMap<String, Status>,
    summary: Summary,
    stop: &'a CancellationToken,
}

impl Demo<'_> {
    /// Publishes all samples concurrently, with their events interleaved.
    async fn publish_round(&mut self) -> anyhow::Result<()> {
        let samples = samples::samples(clock::now())?;
        for SampleProcess {
            token,
            ends,
            events,
        } in &samples
        {
            match ends {
                Some(status) => {
                    self.expected.insert(token.clone(), *status);
                    self.summary.events += events.len();
                }
                None => self.summary.bad += events.len(),
            }
        }
        let longest = samples.iter().map(|sample| sample.events.len()).max();
        for n in 0..longest.unwrap_or(0) {
            let events = samples.iter().filter_map(|sample| sample.events.get(n));
            self.publish(&events.cloned().collect::<Vec<_>>()).await?;
            self.show(PAUSE).await?;
        }
        Ok(())
    }

    /// Shows completions for this time.
    async fn show(&mut self, time: Duration) -> anyhow::Result<()> {
        let until = tokio::time::Instant::now() + time;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                () = tokio::time::sleep_until(until) => return Ok(()),
                completion = self.completions.next() => {
                    let completion = completion.context("the demo's queue is gone")?;
                    self.count(&completion);
                    output::line(&completion.line())?;
                }
            }
        }
    }

    /// Counts a completion of the demo; those of other producers are only shown.
    fn count(&mut self, completion: &ShownCompletion) {
        if let Some(status) = self.expected.remove(&completion.token) {
            if status.name() == completion.status {
                self.summary.right += 1;
            } else {
                self.summary.wrong += 1;
            }
        }
    }

    async fn publish(&mut self, messages: &[Outgoing]) -> anyhow::Result<()> {
        let verdicts = self.publisher.publish_all(messages).await?;
        let refused = verdicts.iter().filter(|v| **v != Verdict::Confirmed);
        let refused = refused.count();
        anyhow::ensure!(
            refused == 0,
            "the broker did not confirm {refused} of the demo's messages"
        );
        Ok(())
    }
}

impl Summary {
    /// Whether every expected completion arrived.
    pub(super) fn is_good(&self) -> bool {
        self.missing == 0 && self.wrong == 0 && self.right > 0
    }
}
