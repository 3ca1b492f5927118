//! `waybill dev --demo`: a lively sample of uploads, and their completions as they come.

mod audience;
mod story;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use self::audience::Heard;
use self::story::Story;
use super::output;
use crate::broker::{self, Outgoing, Publisher, Verdict, topology};
use crate::clock;
use crate::config::BrokerSettings;
use crate::core::Status;
use crate::wire::PlainEvent;

/// How many samples one finite demo tells: each plot three times.
const STORIES: usize = 21;
/// After how many samples a bad message comes.
const BAD_EVERY: usize = 7;
/// Samples that are told at the same time, their events interleaved.
const AT_ONCE: usize = 3;
/// Between two rounds of events.
const BEAT: Duration = Duration::from_millis(60);
/// How long a finite demo waits for the completions it has not seen.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a finite demo saw.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) events: usize,
    pub(super) bad: usize,
    /// Completions that came and said what they had to.
    pub(super) right: usize,
    /// Completions that came and said something else.
    pub(super) wrong: usize,
    /// Completions that never came.
    pub(super) missing: usize,
}

/// Tells samples until told to stop, or a fixed number of them.
pub(super) async fn run(
    settings: &BrokerSettings,
    once: bool,
    stop: &CancellationToken,
) -> anyhow::Result<Summary> {
    let connection = broker::connect(settings, "waybill demo").await?;
    let mut heard = audience::listen(&connection).await?;
    let publishing = broker::connect(settings, "waybill demo publish").await?;
    let mut publisher = Publisher::open(&publishing, settings.confirm_timeout).await?;
    let mut summary = Summary::default();
    let mut expected: HashMap<String, Status> = HashMap::new();
    let mut told = 0;
    while !stop.is_cancelled() && (!once || told < STORIES) {
        let stories: Vec<Story> = (told..told + AT_ONCE)
            .map(|n| story::story(n, clock::now()))
            .collect();
        expected.extend(stories.iter().map(|s| (s.token.clone(), s.ends)));
        for round in rounds(stories) {
            summary.events += round.len();
            publish(&mut publisher, &round).await?;
            listen_for(&mut heard, BEAT, &mut expected, &mut summary, stop).await?;
        }
        if (told / AT_ONCE).is_multiple_of(BAD_EVERY / AT_ONCE) {
            summary.bad += 1;
            publish(&mut publisher, &[bad_message(told)]).await?;
        }
        told += AT_ONCE;
    }
    let patience = Instant::now() + PATIENCE;
    while once && !expected.is_empty() && Instant::now() < patience && !stop.is_cancelled() {
        listen_for(&mut heard, BEAT, &mut expected, &mut summary, stop).await?;
    }
    summary.missing = expected.len();
    connection.close().await;
    publishing.close().await;
    Ok(summary)
}

/// The events of several samples, one of each at a time.
fn rounds(stories: Vec<Story>) -> Vec<Vec<Outgoing>> {
    let longest = stories.iter().map(|s| s.events.len()).max().unwrap_or(0);
    let round = |n: usize| {
        let events = stories.iter().filter_map(|story| story.events.get(n));
        events.map(outgoing).collect()
    };
    (0..longest).map(round).collect()
}

fn outgoing(event: &PlainEvent) -> Outgoing {
    let exchange = topology::EVENTS_EXCHANGE;
    let mut message = Outgoing::new(
        exchange,
        &event.type_,
        &event.id,
        event.to_line().into_bytes(),
    );
    let properties = &mut message.properties;
    properties.app_id = Some(event.source.clone());
    properties.correlation_id.clone_from(&event.token);
    properties.type_ = Some(event.type_.clone());
    properties.content_type = Some("application/json".to_owned());
    message
}

/// A message that no decoder can take: it becomes a dead letter and hurts nobody else.
fn bad_message(n: usize) -> Outgoing {
    let body = format!("{{\"id\": \"bad-{n}\", \"items\": [").into_bytes();
    let id = format!("bad-{n}-{}", uuid::Uuid::new_v4());
    let mut message = Outgoing::new(topology::EVENTS_EXCHANGE, "upload.items", &id, body);
    message.properties.content_type = Some("application/json".to_owned());
    message
}

async fn publish(publisher: &mut Publisher, messages: &[Outgoing]) -> anyhow::Result<()> {
    let verdicts = publisher.publish_all(messages).await?;
    let refused = verdicts
        .iter()
        .filter(|v| **v != Verdict::Confirmed)
        .count();
    anyhow::ensure!(
        refused == 0,
        "the broker took {refused} of the demo's messages for nobody"
    );
    Ok(())
}

/// Listens for a while, shows what is heard and compares it with what must come.
async fn listen_for(
    heard: &mut audience::Audience,
    time: Duration,
    expected: &mut HashMap<String, Status>,
    summary: &mut Summary,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let until = tokio::time::Instant::now() + time;
    loop {
        let completion = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep_until(until) => return Ok(()),
            completion = heard.next() => completion.context("the demo's queue is gone")?,
        };
        // Other producers may use the same servers: their completions are shown, not judged.
        if let Some(status) = expected.remove(&completion.token) {
            if status.name() == completion.status {
                summary.right += 1;
            } else {
                summary.wrong += 1;
            }
        }
        show(&completion)?;
    }
}

fn show(heard: &Heard) -> anyhow::Result<()> {
    let Heard {
        token,
        status,
        filename,
        done,
        total,
        failed,
        elapsed,
    } = heard;
    let failed = if *failed > 0 {
        format!(", {failed} failed")
    } else {
        String::new()
    };
    output::line(&format!(
        "completion  {status:<9}  {filename:<20}  {done}/{total}{failed:<10}  {elapsed:>5.2} s  {token}"
    ))?;
    Ok(())
}

impl Summary {
    /// Whether every expected completion came.
    pub(super) fn is_good(&self) -> bool {
        self.missing == 0 && self.wrong == 0 && self.right > 0
    }
}
