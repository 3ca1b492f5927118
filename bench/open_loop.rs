//! The open loop: events are sent at a fixed rate whatever the service does, and every latency
//! counts from the planned moment of sending, so that a stall is not hidden by waiting for it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Confirmation, PublisherConfirm};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use waybill::broker;
use waybill::broker::Outgoing;
use waybill::clock;
use waybill::config::BrokerSettings;

use crate::audience::{Audience, Received};
use crate::check;
use crate::engine::{Engine, Running};
use crate::ground::Ground;
use crate::latency::{Latency, commit_latency, quantiles};
use crate::meter::{Cpu, MemoryWatch, Sample, peak_mib, slope_kib_per_second};
use crate::workload::{Place, Workload};

/// The first event is due this long after the preparations.
const LEAD: Duration = Duration::from_millis(500);
/// Memory is flat after the first third: until then buffers fill for the first time.
const WARM_UP: f64 = 1.0 / 3.0;

/// The results of the open loop.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) engine: Engine,
    pub(crate) rate: u32,
    pub(crate) seconds: f64,
    pub(crate) events: usize,
    /// The sender's own delay: how far behind the plan a message was written to the socket.
    pub(crate) sender: Latency,
    /// Of Waybill, from its own histogram.
    pub(crate) to_commit: Option<Latency>,
    pub(crate) to_completion: Latency,
    pub(crate) cpu: Cpu,
    pub(crate) peak_mib: f64,
    pub(crate) slope_kib_per_second: f64,
    pub(crate) broken: Vec<String>,
}

/// The plan of the sender: message `n` is due `n` intervals after the start.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) start: Instant,
    start_time: Timestamp,
    interval: Duration,
}

impl Plan {
    fn due(self, position: usize) -> Instant {
        self.start + self.interval * u32::try_from(position).unwrap_or(u32::MAX)
    }

    fn time(self, position: usize) -> Timestamp {
        let offset = self.due(position) - self.start;
        let offset = SignedDuration::try_from(offset).unwrap_or_default();
        self.start_time
            .saturating_add(offset)
            .unwrap_or(self.start_time)
    }
}

/// Runs one engine at a rate of events per second, on a place of its own.
pub(crate) async fn run(
    ground: &Ground,
    engine: Engine,
    rate: u32,
    workload: Workload,
) -> anyhow::Result<Outcome> {
    let field = ground.field("open_loop").await?;
    let mut audience = Audience::of_completions(&field.settings.broker).await?;
    let mut running = Running::prepare(engine, &field, workload).await?;
    running.go(engine, &field).await?;
    running.ready().await?;
    let memory = MemoryWatch::new(running.pids());
    let order = workload.order();
    let (plan, messages) = prepare(&order, rate);
    let before = Cpu::now(ground, &running.pids());
    let lags = send(&field.settings.broker, plan, messages).await?;
    let seconds = plan.start.elapsed().as_secs_f64();
    audience.wait_for(workload.processes as usize).await?;
    let cpu = Cpu::now(ground, &running.pids()).since(before);
    let samples = memory.samples();
    let to_commit = match engine {
        Engine::Waybill(_) => Some(commit_latency(&running.metrics().await?)?),
        _ => None,
    };
    running.stop().await?;
    let received = audience.received();
    let outcome = Outcome {
        engine,
        rate,
        seconds,
        events: workload.events(),
        sender: quantiles(lags),
        to_commit,
        to_completion: quantiles(completion_latencies(
            plan,
            &order,
            &received,
            Duration::ZERO,
        )),
        cpu,
        peak_mib: peak_mib(&samples),
        slope_kib_per_second: slope_kib_per_second(warmed_up(&samples)),
        broken: check::broken(engine, &field, workload, &received).await?,
    };
    ground.clear(field).await?;
    Ok(outcome)
}

pub(crate) fn prepare(order: &[Place], rate: u32) -> (Plan, Vec<Outgoing>) {
    // Writing the messages takes a while, so they are written for a later start.
    let lead = LEAD + Duration::from_micros(20) * u32::try_from(order.len()).unwrap_or(u32::MAX);
    let plan = Plan {
        start: Instant::now() + lead,
        start_time: clock::now() + lead,
        interval: Duration::from_secs(1) / rate,
    };
    let messages = order
        .iter()
        .map(|place| place.message(plan.time(place.position)));
    (plan, messages.collect())
}

/// Publishes each message when it is due, without waiting for any confirm; returns the delay of
/// each, once all are confirmed.
pub(crate) async fn send(
    settings: &BrokerSettings,
    plan: Plan,
    messages: Vec<Outgoing>,
) -> anyhow::Result<Vec<Duration>> {
    let connection = broker::connect(settings, "bench open loop").await?;
    let channel = connection.channel().await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    let (confirms, due) = mpsc::unbounded_channel();
    let mut confirming = JoinSet::new();
    confirming.spawn(confirmed(due));
    let mut lags = Vec::with_capacity(messages.len());
    for (position, message) in messages.into_iter().enumerate() {
        let when = plan.due(position);
        if when > Instant::now() {
            tokio::time::sleep_until(when.into()).await;
        }
        let Outgoing {
            exchange,
            routing_key,
            properties,
            body,
        } = message;
        let mut out = BasicProperties::default().with_delivery_mode(2);
        if let (Some(id), Some(token)) = (properties.message_id, properties.correlation_id) {
            out = out
                .with_message_id(id.into())
                .with_correlation_id(token.into())
                .with_content_type("application/json".into());
        }
        let options = BasicPublishOptions {
            mandatory: true,
            immediate: false,
        };
        let confirm = channel
            .basic_publish(exchange.into(), routing_key.into(), options, &body, out)
            .await?;
        lags.push(when.elapsed());
        confirms.send(confirm)?;
    }
    drop(confirms);
    while let Some(ended) = confirming.join_next().await {
        ended??;
    }
    connection.close().await;
    Ok(lags)
}

async fn confirmed(mut due: mpsc::UnboundedReceiver<PublisherConfirm>) -> anyhow::Result<()> {
    while let Some(confirm) = due.recv().await {
        let acked = matches!(confirm.await?, Confirmation::Ack(None));
        anyhow::ensure!(acked, "the broker did not confirm a message");
    }
    Ok(())
}

/// From the planned moment of the ending event to its completion's arrival, for events due at least
/// `after` the start.
pub(crate) fn completion_latencies(
    plan: Plan,
    order: &[Place],
    received: &HashMap<String, Received>,
    after: Duration,
) -> Vec<Duration> {
    let mut ends: HashMap<String, Instant> = HashMap::new();
    for (position, place) in order.iter().enumerate() {
        if place.is_last() {
            ends.entry(place.token())
                .or_insert_with(|| plan.due(position));
        }
    }
    let pairs = ends
        .iter()
        .filter(|(_, due)| **due >= plan.start + after)
        .filter_map(|(token, due)| Some((received.get(token)?, due)));
    pairs
        .map(|(received, due)| received.first.saturating_duration_since(*due))
        .collect()
}

fn warmed_up(samples: &[Sample]) -> &[Sample] {
    let skipped = (samples.len() as f64 * WARM_UP) as usize;
    samples.get(skipped..).unwrap_or_default()
}
