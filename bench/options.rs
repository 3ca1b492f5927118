//! What the benchmark is asked to do.

use std::path::PathBuf;

use clap::Parser;

use crate::workload::Workload;

/// Measures Waybill from the broker to the database and back, beside what bounds it.
#[derive(Debug, Clone, Parser)]
#[command(name = "scripts/bench")]
pub(crate) struct Options {
    /// A quarter of the events and a third of the open loop: under two minutes.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Write everything that was measured to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Runs of each engine; the table shows the median.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) rounds: usize,
    /// Only engines whose name holds this text, and no verdict: for work on one of them.
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    /// Print the server's most expensive statements of each run; costs a little speed.
    #[arg(long)]
    pub(crate) statements: bool,
    /// Cargo says this to every benchmark.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}

impl Options {
    /// The events of most engines.
    pub(crate) fn workload(&self) -> Workload {
        Workload {
            processes: if self.quick { 5_000 } else { 20_000 },
            open: if self.quick { 1_250 } else { 5_000 },
        }
    }

    /// The events of the naive program, which is slow.
    pub(crate) fn slice(&self) -> Workload {
        Workload {
            processes: if self.quick { 200 } else { 500 },
            open: 100,
        }
    }

    /// The events of the open loop.
    pub(crate) fn open_loop(&self) -> Workload {
        let seconds = if self.quick { 10 } else { 30 };
        Workload {
            processes: self.rate() * seconds / crate::workload::EVENTS,
            open: 500,
        }
    }

    /// Events per second of the open loop.
    pub(crate) fn rate(&self) -> u32 {
        2_000
    }
}
