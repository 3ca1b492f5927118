//! The current state, in a few numbers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use maud::{Markup, html};

use super::latest::LatestPoll;
use super::quantile::{quantile, real};
use super::scale::minute_of;
use super::unit::Unit;
use crate::domain::Kind;
use crate::http::ui::format;
use crate::telemetry::names::SECONDS;

const UNKNOWN: &str = "not known";

/// The numbers.
pub(super) fn figures(latest: &LatestPoll) -> Markup {
    let count = |count: u64| html! { (Unit::Count.short(real(count))) };
    let dead_letters = latest.tally.dead_letters.values().sum();
    html! {
        dl.figures {
            (figure("Events applied", &html! { (rate(latest)) }, "in the last minute"))
            (figure("Latency", &percentiles(&latest.lately.latency), "in the last five minutes"))
            (figure("In the queue", &latest.lately.queue_ready.map_or_else(|| html! { (UNKNOWN) }, count), "events that wait for a worker"))
            (figure("In the outbox", &count(latest.outbox.pending), "messages to be published"))
            (figure("Dead letters", &count(dead_letters), "need attention"))
            @for (kind, name) in [(Kind::Upload, "Open uploads"), (Kind::Order, "Open orders")] {
                div {
                    dt { (name) }
                    dd { (count(of(&latest.tally.open, kind).unwrap_or(0))) }
                    dd.hint { (oldest(of(&latest.tally.oldest_open, kind), latest.lately.now)) }
                }
            }
        }
    }
}

fn figure(name: &str, value: &Markup, about: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } dd.hint { (about) } } }
}

fn of<V: Copy>(by_kind: &BTreeMap<String, V>, kind: Kind) -> Option<V> {
    by_kind.get(kind.name()).copied()
}

/// Events per second, from the samples of the last minute.
fn rate(latest: &LatestPoll) -> String {
    let seconds = latest.lately.seconds.filter(|seconds| *seconds > 0.0);
    let rate = seconds.map(|seconds| real(latest.lately.applied) / seconds);
    rate.map_or_else(|| UNKNOWN.to_owned(), |rate| Unit::PerSecond.short(rate))
}

fn percentiles(latency: &[u64]) -> Markup {
    let highest = SECONDS.last().copied().unwrap_or_default();
    let text = |value: f64| {
        let beyond = if value >= highest { " or more" } else { "" };
        format!("{}{beyond}", Unit::Seconds.short(value))
    };
    html! {
        @if latency.iter().all(|events| *events == 0) {
            "nothing applied"
        } @else {
            @for (name, q) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
                span.part { small { (name) } " " (quantile(q, SECONDS, latency).map_or_else(String::new, text)) }
                " "
            }
        }
    }
}

/// Since when the oldest is open, to the minute: a page that changes every second would be sent
/// every second.
fn oldest(since: Option<Timestamp>, now: Timestamp) -> Markup {
    let Some(since) = since else {
        return html! { "none is open" };
    };
    let age = minute_of(now).duration_since(minute_of(since));
    let age = match age.as_mins() {
        ..1 => "less than a minute".to_owned(),
        minutes @ 1..60 => format!("{minutes} min"),
        _ => format::length(age),
    };
    html! { "the oldest for " (age) ", since " (format::moment(since)) }
}
