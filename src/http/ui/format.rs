//! Times, durations and states, formatted for people.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use crate::domain::Status;
use crate::view::escape;
use crate::wire::Reason;

/// A time: shown to the second; in full for programs and in the tooltip.
pub(super) fn moment(at: Timestamp) -> Markup {
    let whole = format!("{at:.0}");
    let shown = whole.replace('T', " ").replace('Z', "");
    html! { time datetime=(at) title=(format!("{at} (UTC)")) { (shown) } }
}

/// A duration in its two largest units; coarse, so that it seldom changes.
pub(super) fn length(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 if span < SignedDuration::from_secs(10) => {
            format!("{:.1} s", span.max(SignedDuration::ZERO).as_secs_f64())
        }
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min {} s", seconds % 60),
        3_600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// The age of something open, in its largest unit: a live page is sent again only when that has
/// changed.
pub(super) fn age(span: SignedDuration) -> String {
    match span.as_secs().max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// Text from a message: escaped, and isolated so that it can't change the direction of the page.
pub(super) fn untrusted(text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { bdi { (escape::line(text)) } } }
}

/// A status, shown by its name, a form and a colour.
pub(super) fn status(status: Status) -> Markup {
    html! { span.status data-status=(status.name()) { (status.name()) } }
}

/// How much is done, as a bar and in numbers.
pub(super) fn progress(done: u64, total: Option<u64>, failed: u64) -> Markup {
    let words = match total {
        Some(total) => format!("{done} of {total}"),
        None if done > 0 => done.to_string(),
        None => return html! {},
    };
    html! {
        @if let Some(total) = total.filter(|total| *total > 0) {
            progress value=(done.min(total)) max=(total) aria-label="Progress" { (words) }
            " "
        }
        span.count { (words) }
        @if failed > 0 { " " span.failed { (failed) " failed" } }
    }
}

/// The head of a table.
pub(super) fn heads(names: &[&str]) -> Markup {
    html! { thead { tr { @for name in names { th scope="col" { (name) } } } } }
}

/// What a dead letter's reason means.
pub(super) fn reason_title(reason: &str) -> &'static str {
    Reason::from_name(reason).map_or("", Reason::title)
}

/// How to fix the cause of a dead letter's reason.
pub(super) fn reason_remedy(reason: &str) -> &'static str {
    Reason::from_name(reason).map_or("", Reason::remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_in_its_two_largest_units() {
        for (millis, text) in [
            (-5, "0.0 s"),
            (1_250, "1.2 s"),
            (59_900, "59 s"),
            (61_000, "1 min 1 s"),
            (3_600_000, "1 h 0 min"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(length(SignedDuration::from_millis(millis)), text);
        }
    }

    #[test]
    fn an_age_is_shown_in_its_largest_unit() {
        for (seconds, text) in [
            (-1, "0 s"),
            (59, "59 s"),
            (179, "2 min"),
            (7_199, "1 h"),
            (90_000, "1 d"),
        ] {
            assert_eq!(age(SignedDuration::from_secs(seconds)), text);
        }
    }
}
