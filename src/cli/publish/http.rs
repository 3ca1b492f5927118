//! Events over HTTP: in lists that a server takes whole or refuses for one of them. What it refuses is
//! taken out, and the rest goes on.

use std::time::Duration;

use reqwest::StatusCode;

use super::counts::BatchReport;
use super::lines::{Batch, LineFault, explain};
use crate::backoff::Backoff;
use crate::cli::remote::{Client, RemoteError};
use crate::wire::Problem;

/// The most events of one request.
const EVENTS_MAX: usize = 1_000;
/// How often a request is sent that a busy server does not take.
const TRIES: u32 = 8;
/// The longest wait before the next try, whatever the server wishes.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// A server that takes events.
pub(super) struct Posted {
    client: Client,
    /// Events of the next request: fewer after a refusal, so that few are sent again.
    size: usize,
}

/// An event on its way: its line, and its text.
type Line<'a> = (u64, &'a [u8]);

impl Posted {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            size: EVENTS_MAX,
        }
    }

    pub(super) async fn send(&mut self, batch: &Batch) -> BatchReport {
        let bodies = batch.messages.iter().map(|message| message.body.as_slice());
        let mut lines: Vec<Line<'_>> = batch.numbers.iter().copied().zip(bodies).collect();
        let mut sent = BatchReport::default();
        while !lines.is_empty() {
            let count = self.size.min(lines.len());
            let events: Vec<_> = lines.iter().take(count).map(|(_, body)| *body).collect();
            let count = events.len();
            let error = match self.patiently(&events).await {
                Ok(()) => {
                    lines.drain(..count);
                    sent.counts.confirmed += u64::try_from(count).unwrap_or(u64::MAX);
                    self.size = (self.size * 2).min(EVENTS_MAX);
                    continue;
                }
                Err(error) => error,
            };
            match culprit(&error, count) {
                Culprit::Event(place, said) => {
                    let (line, _) = lines.remove(place);
                    sent.faults.push(LineFault {
                        line,
                        said,
                        sent: false,
                    });
                    // Those before it are known to be good.
                    self.size = if place > 0 { place } else { halved(count) };
                }
                Culprit::Size => self.size = halved(count),
                Culprit::Nobody => {
                    if error.is_doubtful() {
                        sent.counts.unknown = u64::try_from(count).unwrap_or(u64::MAX);
                    }
                    sent.failure = Some(error.into());
                    break;
                }
            }
        }
        sent
    }

    /// Sends events, again and again where the server is busy: a repetition changes nothing.
    async fn patiently(&self, events: &[&[u8]]) -> Result<(), RemoteError> {
        let mut backoff = Backoff::new();
        let mut tries = 1;
        loop {
            match self.client.send(events).await {
                Err(error) if error.is_busy() && tries < TRIES => {
                    tracing::debug!(%error, "the events are sent again");
                    let asked_for = error.retry_after().unwrap_or_default();
                    tokio::time::sleep(backoff.next().max(asked_for).min(WAIT_MAX)).await;
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

/// Why a list was refused.
enum Culprit {
    /// For the event at this place, of which that is said.
    Event(usize, String),
    /// It is too large.
    Size,
    /// For something else.
    Nobody,
}

fn culprit(error: &RemoteError, count: usize) -> Culprit {
    const OF_CONTENT: [StatusCode; 4] = [
        StatusCode::BAD_REQUEST,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ];
    let Some(refusal) = error.refusal(&OF_CONTENT) else {
        return Culprit::Nobody;
    };
    match place(&refusal.problem).filter(|place| *place < count) {
        Some(place) => Culprit::Event(place, explain(&alone(&refusal.problem, place))),
        None if refusal.status != StatusCode::PAYLOAD_TOO_LARGE => Culprit::Nobody,
        None if count == 1 => Culprit::Event(0, explain(&refusal.problem)),
        None => Culprit::Size,
    }
}

/// Which event of a list a problem is about: `#/3/data/total` is in the fourth.
fn place(problem: &Problem) -> Option<usize> {
    let pointer = problem.errors.first()?.pointer.as_deref()?;
    let path = pointer.strip_prefix("#/")?;
    path.split('/').next()?.parse().ok()
}

/// The same problem of the event by itself.
fn alone(problem: &Problem, place: usize) -> Problem {
    let mut problem = problem.clone();
    let list = format!("#/{place}");
    for error in &mut problem.errors {
        let inner = error.pointer.as_deref().and_then(|p| p.strip_prefix(&list));
        error.pointer = inner.map(|inner| format!("#{inner}"));
    }
    problem
}

fn halved(count: usize) -> usize {
    (count / 2).max(1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_of_a_list_is_one_of_a_line() {
        let problem = json!({"type": "urn:waybill:problem:invalid_field", "title": "t",
            "detail": "d", "errors": [{"detail": "is no number", "pointer": "#/12/data/total"}]});
        let problem: Problem = serde_json::from_value(problem).unwrap();
        assert_eq!(place(&problem), Some(12));
        assert_eq!(
            explain(&alone(&problem, 12)),
            "invalid_field: #/data/total is no number"
        );
        let whole = json!({"type": "urn:waybill:problem:undecodable", "title": "t",
            "detail": "d", "errors": [{"detail": "is cut", "pointer": "#/0"}]});
        let whole: Problem = serde_json::from_value(whole).unwrap();
        assert_eq!(explain(&alone(&whole, 0)), "undecodable: is cut");
        let other = json!({"type": "urn:waybill:problem:invalid_body", "title": "t",
            "detail": "d", "errors": [{"detail": "is no list", "pointer": "#"}]});
        assert_eq!(place(&serde_json::from_value(other).unwrap()), None);
    }
}
