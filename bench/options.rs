//! The options of the benchmark.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use waybill::domain::Kind;

use crate::engine::Engine;
use crate::hostile::attacks::Attack;
use crate::workload::Workload;
use crate::{backlog, hostile, isolation, reads};

/// Events per second beside the reads if the worker's own speed was not measured.
const LOAD: u32 = 10_000;
/// Events per second of the tenant beside another one's backlog.
const OTHERS_RATE: u32 = 200;

/// Measures Waybill from the broker to the database and back, compared with its upper bounds.
#[derive(Debug, Clone, Parser)]
#[command(name = "scripts/bench")]
pub(crate) struct Options {
    /// A quarter of the events and a third of the open loop: under two minutes.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Write all measurements to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Runs of each engine and of isolation; the table shows the median.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) rounds: usize,
    /// Only engines whose name contains this text, and no verdict: for work on one of them.
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    /// What the hostile tenant does, with commas between; all of it if not given.
    #[arg(long, value_name = "ATTACKS", value_delimiter = ',')]
    pub(crate) attacks: Vec<Attack>,
    /// Print the server's most expensive statements of each run; slightly slower.
    #[arg(long)]
    pub(crate) statements: bool,
    /// Cargo passes this flag to every benchmark.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}

impl Options {
    /// The events of an engine's closed run.
    pub(crate) fn workload(&self, engine: Engine) -> Workload {
        let (kind, processes, open) = match (engine, self.quick) {
            (Engine::Naive, false) => (Kind::Upload, 500, 100),
            (Engine::Naive, true) => (Kind::Upload, 200, 100),
            (_, false) => (engine.kind(), 20_000, 5_000),
            (_, true) => (engine.kind(), 5_000, 1_250),
        };
        Workload {
            kind,
            processes,
            open,
        }
    }

    /// The events of the open loop.
    pub(crate) fn open_loop(&self) -> Workload {
        let seconds = if self.quick { 10 } else { 30 };
        Workload::of_rate(self.rate(), seconds)
    }

    /// The reads while the worker runs at half of its speed.
    pub(crate) fn reads(&self, half: Option<u32>) -> reads::Plan {
        let (processes, seconds) = if self.quick {
            (100_000, 5)
        } else {
            (1_000_000, 10)
        };
        reads::Plan {
            processes,
            load: half.unwrap_or(LOAD),
            seconds,
        }
    }

    /// The runs with and without a failing destination.
    pub(crate) fn isolation(&self) -> isolation::Plan {
        isolation::Plan {
            rounds: self.rounds,
            closed: self.workload(Engine::Waybill(1)),
            // In the first ten seconds the relay may still detect which destination fails.
            open: Workload::of_rate(self.rate(), if self.quick { 20 } else { 30 }),
            rate: self.rate(),
        }
    }

    /// The runs with and without another tenant's backlog.
    pub(crate) fn backlog(&self) -> backlog::Plan {
        let (processes, seconds) = if self.quick {
            (20_000, 8)
        } else {
            (100_000, 30)
        };
        backlog::Plan {
            rounds: self.rounds,
            backlog: Workload {
                kind: Kind::Upload,
                processes,
                open: 5_000,
            },
            other: Workload::of_rate(OTHERS_RATE, seconds),
            rate: OTHERS_RATE,
        }
    }

    /// The runs with and without a hostile tenant.
    pub(crate) fn hostile(&self) -> hostile::Plan {
        let all = Attack::value_variants();
        hostile::Plan {
            seconds: if self.quick { 5 } else { 60 },
            attacks: match self.attacks.is_empty() {
                true => all.to_vec(),
                false => self.attacks.clone(),
            },
        }
    }

    /// Events per second of the open loop.
    pub(crate) fn rate(&self) -> u32 {
        2_000
    }
}
