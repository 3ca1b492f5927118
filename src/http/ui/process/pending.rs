//! The messages of a process that are not published yet, each with the reason.

use maud::{Markup, html};

use crate::http::ui::format;
use crate::store::read::pending::PendingMessage;
use crate::store::write::outbox::{MessageKind, Slow};
use crate::store::write::slow_outbox::Destination;
use crate::view::escape;

/// How many messages are listed.
pub(super) const LISTED_MAX: i64 = 20;

const HEADINGS: [&str; 5] = [
    "Message",
    "Destination",
    "Reason",
    "Failed attempts",
    "Next attempt",
];

/// Whether the completion is among them.
pub(super) fn has_completion(pending: &[PendingMessage]) -> bool {
    pending
        .iter()
        .any(|one| one.what == MessageKind::Completion)
}

/// The table, or nothing if no message waits.
pub(super) fn table(pending: &[PendingMessage]) -> Markup {
    html! {
        @if !pending.is_empty() {
            h3 #outbox { "Waiting to be published" }
            table.processes aria-labelledby="outbox" {
                (format::heads(&HEADINGS))
                tbody { @for one in pending { (row(one)) } }
            }
            @if i64::try_from(pending.len()).is_ok_and(|count| count == LISTED_MAX) {
                p.hint { "These are the first " (LISTED_MAX) "." }
            }
        }
    }
}

fn row(pending: &PendingMessage) -> Markup {
    let [name, destination, reason, attempts, next] = HEADINGS;
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

fn place(destination: &Destination) -> Markup {
    html! {
        @match destination.exchange.as_str() {
            "" => "queue",
            exchange => code { (exchange) },
        }
        " " code { bdi { (escape::line(&destination.routing_key)) } }
    }
}

fn why(slow: Option<Slow>) -> &'static str {
    match slow {
        None => "It is queued for publishing.",
        Some(Slow::Timeout) => "A queue of its destination does not confirm.",
        Some(Slow::Nacked) => {
            "A queue of its destination rejects it: the queue is full, or has no quorum."
        }
        Some(Slow::Unroutable) => "No queue is bound for it.",
        Some(Slow::Denied) => "Its exchange is missing, or publishing to it is not permitted.",
        Some(Slow::Waiting) => "It was not tried: its destination is failing.",
        Some(Slow::Refused) => "The broker refuses the message itself.",
        Some(Slow::Unconfirmed) => {
            "The broker closed the channel before it was confirmed; it is retried on its own."
        }
        Some(Slow::Resend) => "It is sent again on request.",
    }
}
