//! The two queues that completions go to, and the failure of one of them.

use std::collections::HashMap;
use std::time::Instant;

use lapin::types::FieldTable;
use waybill::broker;
use waybill::broker::topology;
use waybill::config::BrokerSettings;
use waybill::domain::Status;

use super::{ENGINE, Recovery};
use crate::audience::{Audience, Received};
use crate::check::{broken_but_for_copies, count, expect};
use crate::engine::Running;
use crate::ground::{AUDIENCE_QUEUE, Field, Ground, bind};
use crate::patience;
use crate::workload::Workload;

/// The queue that fails.
const FAILING_QUEUE: &str = "bench.failing";
const HEALTHY_KEY: &str = "upload.done";
/// Every tenth upload ends so.
const FAILING_KEY: &str = "upload.warning";
/// Its completions that wait.
const WAITING: &str = "waybill.outbox where routing_key = 'upload.warning'";

/// A place with both queues and a consumer of each.
pub(super) struct Destinations<'a> {
    ground: &'a Ground,
    field: Field,
    workload: Workload,
    healthy: Audience,
    failing: Audience,
    suspended: bool,
}

impl<'a> Destinations<'a> {
    /// Declares the queues and subscribes to both. One of them is `suspended` or not: then it
    /// confirms nothing, as if without a majority.
    pub(super) async fn prepare(
        ground: &'a Ground,
        field: Field,
        workload: Workload,
        suspended: bool,
    ) -> anyhow::Result<Self> {
        let settings = &field.settings.broker;
        declare(settings).await?;
        let destinations = Self {
            healthy: Audience::of_queue(settings, AUDIENCE_QUEUE).await?,
            failing: Audience::of_queue(settings, FAILING_QUEUE).await?,
            ground,
            field,
            workload,
            suspended,
        };
        if suspended {
            destinations.set_failing("suspend").await?;
        }
        Ok(destinations)
    }

    pub(super) fn field(&self) -> &Field {
        &self.field
    }

    /// Waits until the other one has all of its completions.
    pub(super) async fn wait_for_healthy(&mut self) -> anyhow::Result<()> {
        let failing = self.failing_count();
        let all = self.workload.processes as usize;
        self.healthy.wait_for(all - failing).await
    }

    pub(super) fn received_by_healthy(&self) -> HashMap<String, Received> {
        self.healthy.received()
    }

    /// Lets the failing queue recover, waits until it has all of its completions, and checks that
    /// nothing was lost. Every process has ended by now.
    pub(super) async fn recover(mut self, running: Running) -> anyhow::Result<Recovery> {
        let failing = self.failing_count();
        let mut broken = Vec::new();
        if self.suspended {
            // Otherwise the queue did not fail.
            let waiting = count(&self.field, WAITING).await?;
            let what = "completions that wait for the failing queue";
            expect(&mut broken, what, waiting, failing);
            self.set_failing("resume").await?;
        }
        let start = Instant::now();
        self.failing.wait_for(failing).await?;
        let seconds = start.elapsed().as_secs_f64();
        self.outbox_empty().await?;
        running.stop().await?;
        let mut received = self.healthy.received();
        received.extend(self.failing.received());
        let rules = broken_but_for_copies(ENGINE, &self.field, self.workload, &received);
        broken.extend(rules.await?);
        let repeated = received
            .values()
            .filter(|received| received.copies > 1)
            .count();
        if !self.suspended {
            let what = "completions that came more than once";
            expect(&mut broken, what, repeated, 0);
        }
        self.ground.clear(self.field).await?;
        Ok(Recovery {
            seconds,
            repeated,
            broken,
        })
    }

    /// How many completions go to the failing queue.
    fn failing_count(&self) -> usize {
        let all = 0..self.workload.processes;
        let failing = all.filter(|n| self.workload.expected(*n).status == Status::Warning);
        failing.count()
    }

    /// Repeated messages may still be in flight.
    async fn outbox_empty(&self) -> anyhow::Result<()> {
        let left = async || count(&self.field, "waybill.outbox").await;
        patience::until("rows in the outbox", 0, left).await
    }

    async fn set_failing(&self, what: &str) -> anyhow::Result<()> {
        let name = format!("{}_{FAILING_QUEUE}", self.field.name());
        let expression = format!("sys:{what}(whereis(list_to_atom(\"{name}\"))).");
        let rabbitmq = &self.ground.servers.rabbitmq;
        rabbitmq.ctl(&["eval", &expression]).await?;
        Ok(())
    }
}

/// One queue for the completions of each key.
async fn declare(settings: &BrokerSettings) -> anyhow::Result<()> {
    let connection = broker::connect(settings, "bench isolation").await?;
    let channel = connection.channel().await?;
    let exchange = topology::COMPLETIONS_EXCHANGE;
    for (queue, key) in [(AUDIENCE_QUEUE, HEALTHY_KEY), (FAILING_QUEUE, FAILING_KEY)] {
        bind(&channel, queue, exchange, key).await?;
    }
    let none = FieldTable::default();
    channel
        .queue_unbind(AUDIENCE_QUEUE.into(), exchange.into(), "#".into(), none)
        .await?;
    connection.close().await;
    Ok(())
}
