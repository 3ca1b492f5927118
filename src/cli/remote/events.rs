//! Requests about events: those of one process, and new ones.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::client::Client;
use super::error::RemoteError;
use crate::view::record::StepView;
use crate::view::step::Step;
use crate::wire::PlainEvent;

/// What happened to a process after some place.
#[derive(Debug, Deserialize)]
pub(in crate::cli) struct Page {
    events: Vec<Event>,
    /// After what to ask next.
    pub(in crate::cli) next: String,
    /// Whether there is more at once.
    pub(in crate::cli) more: bool,
}

#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "type")]
    type_name: String,
    time: Timestamp,
    late: bool,
    data: Option<Box<RawValue>>,
}

/// What was taken of several events.
#[derive(Deserialize)]
struct Receipts {
    events: Vec<IgnoredAny>,
}

impl Page {
    /// The lines of history in it.
    pub(in crate::cli) fn steps(&self) -> Vec<StepView> {
        let steps = self.events.iter();
        let steps = steps.filter(|event| Step::is_named(&event.type_name));
        steps.map(Event::step).collect()
    }
}

impl Event {
    fn step(&self) -> StepView {
        let Step {
            state,
            name,
            message,
        } = Step::read(self.data.as_ref().map_or("", |data| data.get()));
        StepView {
            time: self.time,
            state,
            name,
            message,
            late: self.late,
        }
    }
}

impl Client {
    /// What happened to a process after a place, or all of it; it may be waited for.
    pub(in crate::cli) async fn events(
        &self,
        token: &str,
        after: Option<&str>,
        wait: Duration,
    ) -> Result<Page, RemoteError> {
        let mut query = vec![("token", token)];
        query.extend(after.map(|after| ("after", after)));
        let body = self.get(&["v1", "events"], &query, wait).await?;
        serde_json::from_slice(&body).map_err(|_| self.strange("with no events"))
    }

    /// Sends one event; the broker has confirmed it then.
    pub(in crate::cli) async fn send_one(&self, event: &PlainEvent) -> Result<(), RemoteError> {
        let body = event.to_line().into_bytes();
        self.post(&["v1", "events"], body).await.map(drop)
    }

    /// Sends events, each a JSON text; the broker has confirmed all of them then, or none was accepted.
    pub(in crate::cli) async fn send(&self, events: &[&[u8]]) -> Result<(), RemoteError> {
        let mut body = Vec::with_capacity(events.iter().map(|event| event.len() + 1).sum());
        body.push(b'[');
        body.extend_from_slice(&events.join(&b','));
        body.push(b']');
        let answer = self.post(&["v1", "events"], body).await?;
        match serde_json::from_slice::<Receipts>(&answer) {
            Ok(receipts) if receipts.events.len() == events.len() => Ok(()),
            Ok(_) | Err(_) => Err(self.strange("with other receipts")),
        }
    }
}
