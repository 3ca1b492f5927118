//! The cost of a run: processor time per component and the memory of the worker, from `/proc`.

use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::ground::Ground;

/// Ticks of `/proc/PID/stat` in a second, on every Linux.
const TICKS: f64 = 100.0;
/// How often memory is sampled.
const EVERY: Duration = Duration::from_millis(100);

/// Processor seconds so far, or between two samples.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cpu {
    pub(crate) worker: f64,
    pub(crate) rabbitmq: f64,
    pub(crate) postgres: f64,
    /// This program: the feed and the audience.
    pub(crate) bench: f64,
}

impl Cpu {
    /// The processor time of all components until now.
    pub(crate) fn now(ground: &Ground, workers: &[u32]) -> Self {
        Self {
            worker: workers.iter().map(|pid| used(*pid).own).sum(),
            rabbitmq: family(ground.servers.rabbitmq.pid()),
            postgres: family(ground.servers.postgres.pid()),
            bench: used(std::process::id()).own,
        }
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            worker: self.worker - before.worker,
            rabbitmq: self.rabbitmq - before.rabbitmq,
            postgres: self.postgres - before.postgres,
            bench: self.bench - before.bench,
        }
    }
}

/// Samples the memory of processes until it is dropped.
pub(crate) struct MemoryWatch {
    samples: Arc<Mutex<Vec<Sample>>>,
    _watching: JoinSet<()>,
}

/// The memory of the largest worker at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at: Instant,
    pub(crate) kib: u64,
}

impl MemoryWatch {
    pub(crate) fn new(workers: Vec<u32>) -> Self {
        let samples = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&samples);
        let mut watching = JoinSet::new();
        watching.spawn(async move {
            loop {
                let kib = workers.iter().filter_map(|pid| resident_kib(*pid)).max();
                if let Some(kib) = kib {
                    let sample = Sample {
                        at: Instant::now(),
                        kib,
                    };
                    shared
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(sample);
                }
                tokio::time::sleep(EVERY).await;
            }
        });
        Self {
            samples,
            _watching: watching,
        }
    }

    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.samples
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The largest sample, in MiB.
pub(crate) fn peak_mib(samples: &[Sample]) -> f64 {
    samples.iter().map(|sample| sample.kib).max().unwrap_or(0) as f64 / 1024.0
}

/// The straight line that fits best, in KiB per second.
pub(crate) fn slope_kib_per_second(samples: &[Sample]) -> f64 {
    let Some(first) = samples.first() else {
        return 0.0;
    };
    let points: Vec<(f64, f64)> = samples
        .iter()
        .map(|sample| {
            (
                sample.at.duration_since(first.at).as_secs_f64(),
                sample.kib as f64,
            )
        })
        .collect();
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let over: f64 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let under: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if under == 0.0 { 0.0 } else { over / under }
}

struct Used {
    parent: u32,
    own: f64,
    /// Of children that have ended.
    ended: f64,
}

/// A process, its children that live, and those that have ended.
fn family(pid: u32) -> f64 {
    let parent = used(pid);
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let children = pids.map(used).filter(|used| used.parent == pid);
    parent.own + parent.ended + children.map(|used| used.own + used.ended).sum::<f64>()
}

/// Zero for a process that has ended.
fn used(pid: u32) -> Used {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name may contain blanks and parentheses; the fields after it are numbered from 3.
    let fields: Vec<&str> = line
        .rsplit_once(')')
        .map_or("", |(_, rest)| rest)
        .split_whitespace()
        .collect();
    let field = |number: usize| {
        fields
            .get(number - 3)
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    Used {
        parent: fields
            .get(1)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0),
        own: (field(14) + field(15)) / TICKS,
        ended: (field(16) + field(17)) / TICKS,
    }
}

fn resident_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
