//! Sends events over HTTP, in lists that a server accepts or refuses as a whole. An event that it
//! refuses is removed, and the others are sent again.

use std::time::Duration;

use reqwest::StatusCode;

use super::counts::BatchReport;
use super::lines::{LineBatch, LineFault, explain};
use crate::backoff::Backoff;
use crate::cli::remote::{Client, RemoteError};
use crate::wire::Problem;

/// The most events of one request.
const EVENTS_MAX: usize = 1_000;
/// The most attempts of one request while the server is busy.
const ATTEMPTS_MAX: u32 = 8;
/// The longest wait before the next attempt, whatever `Retry-After` requests.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Posts events to a server.
pub(super) struct EventPoster {
    client: Client,
    /// The number of events of the next request: fewer after a refusal, so that few are sent again.
    size: usize,
}

/// An event to send: its line number and its text.
type NumberedEvent<'a> = (u64, &'a [u8]);

impl EventPoster {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            size: EVENTS_MAX,
        }
    }

    pub(super) async fn send(&mut self, batch: &LineBatch) -> BatchReport {
        let bodies = batch.messages.iter().map(|message| message.body.as_slice());
        let mut pending: Vec<NumberedEvent<'_>> =
            batch.numbers.iter().copied().zip(bodies).collect();
        let mut report = BatchReport::default();
        while !pending.is_empty() {
            let count = self.size.min(pending.len());
            let events: Vec<_> = pending.iter().take(count).map(|(_, body)| *body).collect();
            let count = events.len();
            let error = match self.send_with_retries(&events).await {
                Ok(()) => {
                    pending.drain(..count);
                    report.counts.confirmed += u64::try_from(count).unwrap_or(u64::MAX);
                    self.size = (self.size * 2).min(EVENTS_MAX);
                    continue;
                }
                Err(error) => error,
            };
            match refusal_cause(&error, count) {
                RefusalCause::Event(index, message) => {
                    let (line, _) = pending.remove(index);
                    report.faults.push(LineFault {
                        line,
                        message,
                        sent: false,
                    });
                    // The events before it are known to be valid.
                    self.size = if index > 0 { index } else { halved(count) };
                }
                RefusalCause::Size => self.size = halved(count),
                RefusalCause::Other => {
                    if error.is_doubtful() {
                        report.counts.unknown = u64::try_from(count).unwrap_or(u64::MAX);
                    }
                    report.failure = Some(error.into());
                    break;
                }
            }
        }
        report
    }

    /// Sends events, retrying while the server is busy: a repetition changes nothing.
    async fn send_with_retries(&self, events: &[&[u8]]) -> Result<(), RemoteError> {
        let mut backoff = Backoff::new();
        let mut attempt = 1;
        loop {
            match self.client.send(events).await {
                Err(error) if error.is_busy() && attempt < ATTEMPTS_MAX => {
                    tracing::debug!(%error, "sending the events again");
                    let retry_after = error.retry_after().unwrap_or_default();
                    tokio::time::sleep(backoff.next().max(retry_after).min(WAIT_MAX)).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

/// Why a list was refused.
enum RefusalCause {
    /// The event at this index, with the message about it.
    Event(usize, String),
    /// The list is too large.
    Size,
    /// Any other cause.
    Other,
}

fn refusal_cause(error: &RemoteError, count: usize) -> RefusalCause {
    const OF_CONTENT: [StatusCode; 4] = [
        StatusCode::BAD_REQUEST,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ];
    let Some(refusal) = error.refusal(&OF_CONTENT) else {
        return RefusalCause::Other;
    };
    match index(&refusal.problem).filter(|index| *index < count) {
        Some(index) => RefusalCause::Event(index, explain(&of_event(&refusal.problem, index))),
        None if refusal.status != StatusCode::PAYLOAD_TOO_LARGE => RefusalCause::Other,
        None if count == 1 => RefusalCause::Event(0, explain(&refusal.problem)),
        None => RefusalCause::Size,
    }
}

/// The index of the event that a problem is about: `#/3/data/total` is in the fourth event.
fn index(problem: &Problem) -> Option<usize> {
    let pointer = problem.errors.first()?.pointer.as_deref()?;
    let path = pointer.strip_prefix("#/")?;
    path.split('/').next()?.parse().ok()
}

/// The problem with pointers into the event instead of the list.
fn of_event(problem: &Problem, index: usize) -> Problem {
    let mut problem = problem.clone();
    let prefix = format!("#/{index}");
    for error in &mut problem.errors {
        let inner = error.pointer.as_deref();
        let inner = inner.and_then(|pointer| pointer.strip_prefix(&prefix));
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
    fn a_problem_of_a_list_becomes_one_of_a_line() {
        let problem = json!({"type": "urn:waybill:problem:invalid_field", "title": "t",
            "detail": "d", "errors": [{"detail": "is no number", "pointer": "#/12/data/total"}]});
        let problem: Problem = serde_json::from_value(problem).unwrap();
        assert_eq!(index(&problem), Some(12));
        assert_eq!(
            explain(&of_event(&problem, 12)),
            "invalid_field: #/data/total is no number"
        );
        let whole = json!({"type": "urn:waybill:problem:undecodable", "title": "t",
            "detail": "d", "errors": [{"detail": "is cut", "pointer": "#/0"}]});
        let whole: Problem = serde_json::from_value(whole).unwrap();
        assert_eq!(explain(&of_event(&whole, 0)), "undecodable: is cut");
        let other = json!({"type": "urn:waybill:problem:invalid_body", "title": "t",
            "detail": "d", "errors": [{"detail": "is no list", "pointer": "#"}]});
        assert_eq!(index(&serde_json::from_value(other).unwrap()), None);
    }
}
