//! One closed run: the queue is full, the clock starts with the engine, and it stops when the last
//! effect is committed and the last completion and announcement have been received.

use std::time::Instant;

use crate::audience::Audience;
use crate::check;
use crate::engine::{Engine, Running};
use crate::feed;
use crate::ground::{Field, Ground};
use crate::meter::{Cpu, MemoryWatch, peak_mib};
use crate::patience;
use crate::statements;
use crate::stops::Stops;
use crate::workload::Workload;

/// The results of a run.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) engine: Engine,
    pub(crate) events: usize,
    pub(crate) seconds: f64,
    pub(crate) cpu: Cpu,
    pub(crate) peak_mib: f64,
    pub(crate) broken: Vec<String>,
}

impl Outcome {
    pub(crate) fn events_per_second(&self) -> f64 {
        self.events as f64 / self.seconds
    }

    /// Microseconds of a component per event.
    pub(crate) fn micros(&self, seconds: f64) -> f64 {
        seconds * 1e6 / self.events as f64
    }
}

/// Runs one engine over a workload, on a place of its own.
pub(crate) async fn run(
    ground: &Ground,
    engine: Engine,
    workload: Workload,
) -> anyhow::Result<Outcome> {
    let field = ground.field(engine.name()).await?;
    let outcome = on_field(ground, &field, engine, workload).await?;
    ground.clear(field).await?;
    Ok(outcome)
}

async fn on_field(
    ground: &Ground,
    field: &Field,
    engine: Engine,
    workload: Workload,
) -> anyhow::Result<Outcome> {
    if engine.uses_broker() {
        feed::fill(&field.settings.broker, workload).await?;
    }
    let mut stops = Stops::prepare(field, workload).await?;
    let mut audience = Audience::of_completions(&field.settings.broker).await?;
    let mut running = Running::prepare(engine, field, workload).await?;
    if ground.statistics {
        statements::reset(ground).await?;
    }
    let before = Cpu::now(ground, &running.pids());
    let start = Instant::now();
    running.go(engine, field).await?;
    let memory = MemoryWatch::new(running.pids());
    if engine.uses_broker() {
        audience.wait_for(workload.processes as usize).await?;
    } else {
        running.done().await?;
    }
    stops.announced().await?;
    if engine.uses_database() {
        committed(field, workload).await?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let cpu = Cpu::now(ground, &running.pids()).since(before);
    let peak = peak_mib(&memory.samples());
    if ground.statistics {
        for line in statements::expensive(ground, field).await? {
            crate::note(&line);
        }
    }
    running.stop().await?;
    let mut broken = check::broken(engine, field, workload, &audience.received()).await?;
    if engine.uses_database() {
        broken.extend(stops.broken(field).await?);
    }
    Ok(Outcome {
        engine,
        events: workload.events(),
        seconds,
        cpu,
        peak_mib: peak,
        broken,
    })
}

/// Waits until every event is committed. A completion comes after the events of its process, so
/// one poll is usually enough.
pub(crate) async fn committed(field: &Field, workload: Workload) -> anyhow::Result<()> {
    let ended = "waybill.process where sealed_at is not null";
    let expected = u64::from(workload.processes);
    let sealed = async || check::count(field, ended).await;
    patience::until("processes sealed", expected, sealed).await
}
