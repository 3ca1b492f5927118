//! Quantiles, of latencies that were measured one by one and of a histogram's buckets.

use std::time::Duration;

use anyhow::Context;

/// The worker's own histogram: from an event's time, which is the planned moment of sending, to
/// the return of the commit.
const COMMITTED: &str = "waybill_event_latency_seconds";

/// Milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Latency {
    /// Its row in a table.
    pub(crate) fn row(&self, what: &str) -> String {
        let Self { p50, p99, max } = self;
        format!("| {what} | {p50:.1} | {p99:.1} | {max:.1} |")
    }
}

/// Of measured values.
pub(crate) fn quantiles(mut values: Vec<Duration>) -> Latency {
    values.sort_unstable();
    let at = |share: f64| {
        let rank = (values.len() as f64 * share).ceil() as usize;
        let value = values
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        value.as_secs_f64() * 1e3
    };
    Latency {
        p50: at(0.5),
        p99: at(0.99),
        max: at(1.0),
    }
}

/// Of the exported histogram: interpolated inside its buckets, as Prometheus does; the maximum is
/// the upper bound of the last bucket that is not empty.
pub(crate) fn commit_latency(metrics: &str) -> anyhow::Result<Latency> {
    let buckets = buckets(metrics);
    let all = buckets.last().map_or(0.0, |(_, count)| *count);
    anyhow::ensure!(all > 0.0, "{COMMITTED} is not exported or empty");
    let max = buckets
        .iter()
        .find(|(_, count)| *count >= all)
        .map_or(0.0, |(bound, _)| *bound);
    let at =
        |share: f64| interpolated(&buckets, all * share).context("a quantile lies in a bucket");
    Ok(Latency {
        p50: at(0.5)? * 1e3,
        p99: at(0.99)? * 1e3,
        max: max * 1e3,
    })
}

/// Upper bounds and cumulative counts, ascending.
fn buckets(metrics: &str) -> Vec<(f64, f64)> {
    let start = format!("{COMMITTED}_bucket{{le=\"");
    let parse = |line: &str| {
        let (bound, count) = line.strip_prefix(&start)?.split_once("\"}")?;
        Some((
            bound.replace("+Inf", "inf").parse().ok()?,
            count.trim().parse().ok()?,
        ))
    };
    metrics.lines().filter_map(parse).collect()
}

fn interpolated(buckets: &[(f64, f64)], rank: f64) -> Option<f64> {
    let mut below = (0.0, 0.0);
    for (bound, count) in buckets {
        if *count >= rank {
            let (from, before) = below;
            let inside = (rank - before) / (count - before).max(1.0);
            return Some(if bound.is_finite() {
                from + (bound - from) * inside
            } else {
                from
            });
        }
        below = (*bound, *count);
    }
    None
}
