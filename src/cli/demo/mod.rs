//! `waybill dev --demo`: a lively sample of uploads and orders, and their completions as they come.

mod audience;
mod clerk;
mod orders;
mod show;
mod story;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use self::audience::Audience;
use self::clerk::Clerk;
use self::story::Story;
use crate::broker::{self, Outgoing, Publisher, Verdict, topology};
use crate::clock;
use crate::config::BrokerSettings;
use crate::domain::Status;
use crate::store::Store;
use crate::wire::PlainEvent;

/// How many uploads one finite demo tells: each plot three times.
const UPLOADS: usize = 21;
/// After how many uploads a bad message comes.
const BAD_EVERY: usize = 7;
/// Uploads that are told at the same time, their events interleaved.
const UPLOADS_AT_ONCE: usize = 3;
/// Orders that are opened beside them: each plot more than twice in a finite demo.
const ORDERS_AT_ONCE: usize = 2;
/// Between two rounds of events.
const BEAT: Duration = Duration::from_millis(60);
/// How long a finite demo waits for the completions it has not seen.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a finite demo saw.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Summary {
    /// All that was sent and is good.
    pub(super) events: usize,
    /// Pushes among them.
    pub(super) pushes: usize,
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
    store: &Store,
    once: bool,
    stop: &CancellationToken,
) -> anyhow::Result<Summary> {
    store.apply_workflows(&orders::WORKFLOWS).await?;
    let connection = broker::connect(settings, "waybill demo").await?;
    let publishing = broker::connect(settings, "waybill demo publish").await?;
    let mut demo = Demo {
        audience: audience::listen(&connection).await?,
        clerk: clerk::listen(&connection).await?,
        publisher: Publisher::open(&publishing, settings.confirm_timeout).await?,
        expected: HashMap::new(),
        summary: Summary::default(),
        stop,
    };
    let mut turn = 0;
    while !stop.is_cancelled() && (!once || turn * UPLOADS_AT_ONCE < UPLOADS) {
        demo.tell(turn).await?;
        turn += 1;
    }
    let patience = Instant::now() + PATIENCE;
    while once && !demo.expected.is_empty() && Instant::now() < patience && !stop.is_cancelled() {
        demo.listen(BEAT).await?;
    }
    let mut summary = demo.summary;
    summary.missing = demo.expected.len();
    connection.close().await;
    publishing.close().await;
    Ok(summary)
}

/// One who tells, works and listens at the same time.
struct Demo<'a> {
    audience: Audience,
    clerk: Clerk,
    publisher: Publisher,
    /// How what was told must end, by token.
    expected: HashMap<String, Status>,
    summary: Summary,
    stop: &'a CancellationToken,
}

impl Demo<'_> {
    /// Some uploads and orders, and now and then something bad.
    async fn tell(&mut self, turn: usize) -> anyhow::Result<()> {
        let (uploads, orders) = (turn * UPLOADS_AT_ONCE, turn * ORDERS_AT_ONCE);
        let now = clock::now();
        let told = (uploads..uploads + UPLOADS_AT_ONCE).map(|n| story::story(n, now));
        let opened = (orders..orders + ORDERS_AT_ONCE).map(|n| orders::story(n, now));
        let stories: Vec<Story> = told.chain(opened).collect();
        let expected = stories.iter().map(|s| (s.token.clone(), s.ends));
        self.expected.extend(expected);
        let bad: usize = stories.iter().map(|story| story.bad).sum();
        let events: usize = stories.iter().map(|story| story.events.len()).sum();
        self.summary.bad += bad;
        self.summary.events += events - bad;
        for round in rounds(&stories) {
            self.publish(&round).await?;
            self.listen(BEAT).await?;
        }
        if turn.is_multiple_of(BAD_EVERY / UPLOADS_AT_ONCE) {
            self.summary.bad += 1;
            self.publish(&[bad_message(turn)]).await?;
        }
        Ok(())
    }

    /// Listens for a while: works at the stages that orders reach, shows what has ended and
    /// compares it with what must come.
    async fn listen(&mut self, time: Duration) -> anyhow::Result<()> {
        let until = tokio::time::Instant::now() + time;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                () = tokio::time::sleep_until(until) => return Ok(()),
                completion = self.audience.next() => {
                    let completion = completion.context("the demo's queue is gone")?;
                    self.judge(&completion)?;
                }
                task = self.clerk.next() => {
                    let task = task.context("the queue of the demo's orders is gone")?;
                    self.work(&task).await?;
                }
            }
        }
    }

    /// Other producers may use the same servers: their completions are shown, not judged.
    fn judge(&mut self, completion: &audience::Heard) -> anyhow::Result<()> {
        if let Some(status) = self.expected.remove(&completion.token) {
            if status.name() == completion.status {
                self.summary.right += 1;
            } else {
                self.summary.wrong += 1;
            }
        }
        show::completion(completion)
    }

    /// Their orders are left to them as well.
    async fn work(&mut self, task: &clerk::Task) -> anyhow::Result<()> {
        if !self.expected.contains_key(&task.token) {
            return Ok(());
        }
        let Some(push) = task.push() else {
            return Ok(());
        };
        show::push(task, &push)?;
        self.summary.events += 1;
        self.summary.pushes += 1;
        self.publish(&[outgoing(&push)]).await
    }

    async fn publish(&mut self, messages: &[Outgoing]) -> anyhow::Result<()> {
        let verdicts = self.publisher.publish_all(messages).await?;
        let refused = verdicts.iter().filter(|v| **v != Verdict::Confirmed);
        let refused = refused.count();
        anyhow::ensure!(
            refused == 0,
            "the broker took {refused} of the demo's messages for nobody"
        );
        Ok(())
    }
}

/// The events of several samples, one of each at a time.
fn rounds(stories: &[Story]) -> Vec<Vec<Outgoing>> {
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

impl Summary {
    /// Whether every expected completion came.
    pub(super) fn is_good(&self) -> bool {
        self.missing == 0 && self.wrong == 0 && self.right > 0
    }
}
