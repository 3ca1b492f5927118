//! Handles of every series in the table of metrics, created at the start.

use std::collections::HashMap;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusRecorder};

use super::labels::Labels;
use super::names::{Kind, METRICS, Metric};

static METADATA: Metadata<'static> = Metadata::new("waybill", Level::INFO, None);

/// A recorder with the buckets of every histogram.
pub(super) fn recorder() -> Result<PrometheusRecorder, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in METRICS {
        if let Kind::Histogram(bounds) = metric.kind {
            builder =
                builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)?;
        }
    }
    Ok(builder.build_recorder())
}

/// The handles of every series, found by name and label values.
#[derive(Debug)]
pub(super) struct Registry {
    counters: HashMap<&'static str, Family<Counter>>,
    gauges: HashMap<&'static str, Family<Gauge>>,
    histograms: HashMap<&'static str, Family<Histogram>>,
}

/// The handles of one metric, in the order in which its label values vary, the last fastest.
struct Family<H> {
    axes: Vec<&'static [&'static str]>,
    cells: Vec<H>,
}

impl Registry {
    /// Registers and describes every series.
    pub(super) fn new(recorder: &PrometheusRecorder, labels: &Labels) -> Self {
        let mut registry = Self {
            counters: HashMap::new(),
            gauges: HashMap::new(),
            histograms: HashMap::new(),
        };
        for metric in METRICS {
            let name = KeyName::from_const_str(metric.name);
            match metric.kind {
                Kind::Counter => {
                    recorder.describe_counter(name, None, metric.help.into());
                    let family = Family::new(metric, labels, |key| {
                        recorder.register_counter(key, &METADATA)
                    });
                    registry.counters.insert(metric.name, family);
                }
                Kind::Gauge => {
                    recorder.describe_gauge(name, None, metric.help.into());
                    let family = Family::new(metric, labels, |key| {
                        recorder.register_gauge(key, &METADATA)
                    });
                    registry.gauges.insert(metric.name, family);
                }
                Kind::Histogram(_) => {
                    recorder.describe_histogram(name, None, metric.help.into());
                    let family = Family::new(metric, labels, |key| {
                        recorder.register_histogram(key, &METADATA)
                    });
                    registry.histograms.insert(metric.name, family);
                }
            }
        }
        registry
    }

    /// The counter of a series; a no-op if there is no such series.
    pub(super) fn counter(&self, name: &str, values: &[&str]) -> Counter {
        find(&self.counters, name, values).unwrap_or_else(Counter::noop)
    }

    /// The gauge of a series; a no-op if there is no such series.
    pub(super) fn gauge(&self, name: &str, values: &[&str]) -> Gauge {
        find(&self.gauges, name, values).unwrap_or_else(Gauge::noop)
    }

    /// The histogram of a series; a no-op if there is no such series.
    pub(super) fn histogram(&self, name: &str, values: &[&str]) -> Histogram {
        find(&self.histograms, name, values).unwrap_or_else(Histogram::noop)
    }
}

fn find<H: Clone>(
    families: &HashMap<&'static str, Family<H>>,
    name: &str,
    values: &[&str],
) -> Option<H> {
    let found = families.get(name).and_then(|family| family.get(values));
    debug_assert!(found.is_some(), "no series {name} {values:?}");
    found.cloned()
}

impl<H> Family<H> {
    fn new(metric: &'static Metric, labels: &Labels, register: impl Fn(&Key) -> H) -> Self {
        let axes: Vec<_> = metric.labels.iter().map(|a| labels.values(a)).collect();
        let mut series: Vec<Vec<Label>> = vec![Vec::new()];
        for (axis, values) in metric.labels.iter().zip(&axes) {
            series = series
                .iter()
                .flat_map(|before| {
                    values.iter().map(move |value| {
                        let mut labels = before.clone();
                        labels.push(Label::from_static_parts(axis.key, value));
                        labels
                    })
                })
                .collect();
        }
        let cells = series
            .into_iter()
            .map(|labels| register(&Key::from_parts(metric.name, labels)))
            .collect();
        Self { axes, cells }
    }

    fn get(&self, values: &[&str]) -> Option<&H> {
        if values.len() != self.axes.len() {
            return None;
        }
        let mut at = 0;
        for (axis, value) in self.axes.iter().zip(values) {
            at = at * axis.len() + axis.iter().position(|known| known == value)?;
        }
        self.cells.get(at)
    }
}

impl<H> std::fmt::Debug for Family<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} series", self.cells.len())
    }
}
