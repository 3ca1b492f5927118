//! The results, as Markdown tables with verdicts and as JSON for programs.

use serde_json::{Value, json};

use crate::backlog::{self, report as flooding};
use crate::closed;
use crate::engine::Engine;
use crate::hostile::{self, report as attacking};
use crate::isolation::{self, report as isolating};
use crate::open_loop;
use crate::reads::{self, report as reading};

/// Everything one run of the benchmark measured.
pub(crate) struct Report {
    pub(crate) machine: String,
    pub(crate) closed: Vec<closed::Outcome>,
    pub(crate) open: Vec<open_loop::Outcome>,
    pub(crate) reads: Option<reads::Outcome>,
    pub(crate) isolation: Option<isolation::Outcome>,
    pub(crate) backlog: Option<backlog::Outcome>,
    pub(crate) hostile: Option<hostile::Outcome>,
}

/// A target and whether it was met.
pub(crate) struct Verdict {
    text: String,
    met: bool,
}

impl Verdict {
    pub(crate) fn new(met: bool, text: String) -> Self {
        Self { text, met }
    }
}

impl Report {
    /// Every broken invariant of every run, with the run's name.
    pub(crate) fn broken(&self) -> Vec<String> {
        let closed = self.closed.iter().flat_map(|run| {
            run.broken
                .iter()
                .map(|rule| format!("{}: {rule}", run.engine.title()))
        });
        let open = self.open.iter().flat_map(|run| {
            let title = run.engine.title();
            let broken = run.broken.iter();
            broken.map(move |rule| format!("open loop, {title}: {rule}"))
        });
        let isolation = self.isolation.iter().flat_map(|run| {
            let broken = run.broken.iter();
            broken.map(|rule| format!("isolation: {rule}"))
        });
        let backlog = self.backlog.iter().flat_map(|run| {
            let broken = run.broken.iter();
            broken.map(|rule| format!("backlog: {rule}"))
        });
        let broken = closed.chain(open).chain(isolation).chain(backlog);
        broken.collect()
    }

    /// The block to paste into the documentation.
    pub(crate) fn markdown(&self) -> String {
        let mut lines = vec![format!("Measured on {}.", self.machine), String::new()];
        lines.extend(self.table());
        lines.push(String::new());
        lines.extend(open_table(&self.open));
        lines.extend(self.reads.iter().flat_map(reading::table));
        lines.extend(self.isolation.iter().flat_map(isolating::table));
        lines.extend(self.backlog.iter().flat_map(flooding::table));
        lines.extend(self.hostile.iter().flat_map(attacking::table));
        lines.extend(self.verdicts().iter().map(|verdict| {
            let word = if verdict.met { "met" } else { "**missed**" };
            format!("- {word}: {}", verdict.text)
        }));
        lines.extend(
            self.broken()
                .iter()
                .map(|rule| format!("- **does not count**: {rule}")),
        );
        lines.join("\n")
    }

    fn table(&self) -> Vec<String> {
        let mut lines = vec![
            "| closed loop | events | seconds | events/s | worker µs/event | RabbitMQ µs/event | PostgreSQL µs/event | worker peak MiB |".to_owned(),
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |".to_owned(),
        ];
        for run in &self.closed {
            lines.push(format!(
                "| {} | {} | {:.2} | {:.0} | {:.1} | {:.1} | {:.1} | {} |",
                run.engine.title(),
                run.events,
                run.seconds,
                run.events_per_second(),
                run.micros(run.cpu.worker),
                run.micros(run.cpu.rabbitmq),
                run.micros(run.cpu.postgres),
                peak(run),
            ));
        }
        lines
    }

    fn speed(&self, engine: Engine) -> Option<f64> {
        let run = self.closed.iter().find(|run| run.engine == engine)?;
        Some(run.events_per_second())
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let ratio = |of: Engine, to: Engine| Some(self.speed(of)? / self.speed(to)?);
        let waybill = Engine::Waybill(1);
        let share = |to: Engine, target: f64| {
            let share = ratio(waybill, to)? * 100.0;
            let text = format!("{share:.0} % of {}, target {target:.0} %", to.title());
            Some(Verdict::new(share >= target, text))
        };
        let times = |to: Engine, target: f64| {
            let times = ratio(waybill, to)?;
            let text = format!("{times:.0} × {}, target {target:.0} ×", to.title());
            Some(Verdict::new(times >= target, text))
        };
        let orders = ratio(Engine::Orders, waybill).map(|ratio| {
            let share = ratio * 100.0;
            Verdict::new(
                share >= 60.0,
                format!("orders run at {share:.0} % of the uploads' events/s, target 60 %"),
            )
        });
        let closed = [
            share(Engine::Null, 85.0),
            share(Engine::BrokerCeiling, 70.0),
            times(Engine::Naive, 40.0),
            orders,
        ];
        let open = self
            .open
            .iter()
            .filter(|run| run.engine == Engine::Waybill(1));
        let open = open.flat_map(open_verdicts);
        let speed = self.speed(waybill);
        let reads = self.reads.iter();
        let reads = reads.flat_map(|reads| reading::verdicts(reads, speed));
        let closed = closed.into_iter().flatten();
        let isolation = self.isolation.iter().flat_map(isolating::verdicts);
        let backlog = self.backlog.iter().flat_map(flooding::verdicts);
        let verdicts = closed.chain(open).chain(reads).chain(isolation);
        let hostile = self.hostile.iter().flat_map(attacking::verdicts);
        verdicts.chain(backlog).chain(hostile).collect()
    }

    /// Everything, for programs.
    pub(crate) fn json(&self) -> Value {
        let closed = self.closed.iter().map(|run| {
            json!({
                "engine": run.engine.name(),
                "events": run.events,
                "seconds": run.seconds,
                "events_per_second": run.events_per_second(),
                "cpu_seconds": cpu(&run.cpu),
                "worker_peak_mib": run.peak_mib,
                "broken": run.broken,
            })
        });
        let open = self.open.iter().map(|run| {
            json!({
                "engine": run.engine.name(),
                "rate": run.rate,
                "events": run.events,
                "seconds": run.seconds,
                "sender_lag_ms": latency(&run.sender),
                "to_commit_ms": run.to_commit.as_ref().map(latency),
                "to_completion_ms": latency(&run.to_completion),
                "cpu_seconds": cpu(&run.cpu),
                "worker_peak_mib": run.peak_mib,
                "worker_slope_kib_per_second": run.slope_kib_per_second,
                "broken": run.broken,
            })
        });
        let verdicts = self.verdicts();
        let verdicts: Vec<_> = verdicts
            .iter()
            .map(|verdict| json!({ "text": verdict.text, "met": verdict.met }))
            .collect();
        json!({ "machine": self.machine, "closed": closed.collect::<Vec<_>>(), "open": open.collect::<Vec<_>>(), "reads": self.reads.as_ref().map(reading::json), "isolation": self.isolation.as_ref().map(isolating::json), "backlog": self.backlog.as_ref().map(flooding::json), "hostile": self.hostile.as_ref().map(attacking::json), "verdicts": verdicts })
    }
}

/// The worker's memory, where it is that of a worker.
fn peak(run: &closed::Outcome) -> String {
    if run.engine.rehearses() {
        return "–".to_owned();
    }
    format!("{:.0}", run.peak_mib)
}

fn open_table(runs: &[open_loop::Outcome]) -> Vec<String> {
    let Some(first) = runs.first() else {
        return Vec::new();
    };
    let mut lines = vec![
        format!(
            "| open loop, {} events/s for {:.0} s | p50 ms | p99 ms | max ms |",
            first.rate, first.seconds
        ),
        "| --- | ---: | ---: | ---: |".to_owned(),
    ];
    lines.extend(runs.iter().flat_map(open_rows));
    lines.push(String::new());
    lines.extend(runs.iter().map(open_cost));
    lines.push(String::new());
    lines
}

fn open_rows(run: &open_loop::Outcome) -> Vec<String> {
    let title = run.engine.title();
    let to_commit = "planned sending to commit (from buckets; max is a bound)";
    let rows = [
        (Some(&run.sender), "the sender behind its plan"),
        (run.to_commit.as_ref(), to_commit),
        (
            Some(&run.to_completion),
            "planned sending to completion received",
        ),
    ];
    rows.into_iter()
        .filter_map(|(latency, what)| Some(latency?.row(&format!("{title}: {what}"))))
        .collect()
}

fn open_cost(run: &open_loop::Outcome) -> String {
    let micros = |seconds: f64| seconds * 1e6 / run.events as f64;
    format!(
        "{} in the open loop: an event cost {:.0} µs of the worker, {:.0} µs of RabbitMQ and {:.0} µs of PostgreSQL; the worker's memory peaked at {:.0} MiB with a slope of {:.2} KiB/s.\n",
        run.engine.title(),
        micros(run.cpu.worker),
        micros(run.cpu.rabbitmq),
        micros(run.cpu.postgres),
        run.peak_mib,
        run.slope_kib_per_second
    )
}

fn open_verdicts(run: &open_loop::Outcome) -> Vec<Verdict> {
    let (p99, peak, slope) = (
        run.to_completion.p99,
        run.peak_mib,
        run.slope_kib_per_second,
    );
    vec![
        Verdict::new(
            p99 <= 25.0,
            format!(
                "p99 to completion {p99:.1} ms at {} events/s, target 25 ms",
                run.rate
            ),
        ),
        Verdict::new(
            peak < 100.0,
            format!("worker memory at most {peak:.0} MiB in the open loop, target 100 MiB"),
        ),
        Verdict::new(
            slope < 20.0,
            format!("its slope {slope:.2} KiB/s, target under 20 KiB/s"),
        ),
    ]
}

fn cpu(cpu: &crate::meter::Cpu) -> Value {
    json!({ "worker": cpu.worker, "rabbitmq": cpu.rabbitmq, "postgresql": cpu.postgres, "bench": cpu.bench })
}

pub(crate) fn latency(latency: &crate::latency::Latency) -> Value {
    json!({ "p50": latency.p50, "p99": latency.p99, "max": latency.max })
}
