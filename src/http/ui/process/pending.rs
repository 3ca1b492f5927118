//! The messages of a process that are still to be published, each with why it waits.

use maud::{Markup, html};

use crate::http::ui::format;
use crate::store::read::pending::Pending;
use crate::store::write::outbox::{MessageKind, Slow};
use crate::store::write::slow_outbox::Destination;
use crate::view::escape;

/// Messages that are listed.
pub(super) const LISTED_MAX: i64 = 20;

const HEADINGS: [&str; 5] = [
    "Message",
    "Destination",
    "Reason",
    "Failed attempts",
    "Next attempt",
];

/// Whether the completion is among them.
pub(super) fn has_completion(pending: &[Pending]) -> bool {
    pending
        .iter()
        .any(|one| one.what == MessageKind::Completion)
}

/// The table, or nothing where nothing waits.
pub(super) fn table(pending: &[Pending]) -> Markup {
    html! {
        @if !pending.is_empty() {
            h3 #outbox { "Waiting to be published" }
            table.processes aria-labelledby="outbox" {
                thead { tr { @for heading in HEADINGS { th scope="col" { (heading) } } } }
                tbody { @for one in pending { (row(one)) } }
            }
            @if i64::try_from(pending.len()).is_ok_and(|count| count == LISTED_MAX) {
                p.hint { "These are the first " (LISTED_MAX) "." }
            }
        }
    }
}

fn row(pending: &Pending) -> Markup {
    let [name, _, reason, attempts, next] = HEADINGS;
    let [_, destination, ..] = HEADINGS;
    html! {
        tr {
            th scope="row" data-label=(name) { (what(pending.what)) }
            td data-label=(destination) { (place(&pending.destination)) }
            td data-label=(reason) {
                @if let Some(slow) = pending.slow { code { (slow.name()) } ": " }
                (why(pending.slow))
                @if let Some(detail) = &pending.detail { small { bdi { (escape::line(detail)) } } }
            }
            td data-label=(attempts) { (pending.attempts) }
            td data-label=(next) { (format::moment(pending.next_attempt_at)) }
        }
    }
}

fn what(what: MessageKind) -> &'static str {
    match what {
        MessageKind::Completion => "Completion",
        MessageKind::Stage => "Stage entered",
        MessageKind::Reply => "Reply",
    }
}

fn place(
    Destination {
        exchange,
        routing_key,
    }: &Destination,
) -> Markup {
    html! {
        @match exchange.as_str() {
            "" => { "queue " code { bdi { (escape::line(routing_key)) } } }
            exchange => { code { (exchange) } " " code { bdi { (escape::line(routing_key)) } } }
        }
    }
}

fn why(slow: Option<Slow>) -> &'static str {
    match slow {
        None => "It is published in its turn.",
        Some(Slow::Timeout) => "A queue of its destination does not confirm.",
        Some(Slow::Nacked) => "A queue of its destination refuses: it is full, or has no majority.",
        Some(Slow::Unroutable) => "No queue is bound for it.",
        Some(Slow::Denied) => "Its exchange is missing, or may not be written to.",
        Some(Slow::Waiting) => "It was not tried: its destination is failing.",
        Some(Slow::Refused) => "The message itself is refused.",
        Some(Slow::Unconfirmed) => {
            "The broker closed the channel while it was on its way; it is published alone."
        }
        Some(Slow::Resend) => "It is sent again on request.",
    }
}
