//! Requests that read the events of a process or send new ones.

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

/// A page of the events of a process.
#[derive(Debug, Deserialize)]
pub(in crate::cli) struct EventPage {
    events: Vec<Event>,
    /// The cursor for the next page.
    pub(in crate::cli) next: String,
    /// Whether the next page is available already.
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

/// The receipts of several sent events.
#[derive(Deserialize)]
struct Receipts {
    events: Vec<IgnoredAny>,
}

impl EventPage {
    /// The history in this page.
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
    /// The events of a process after a cursor, or from the beginning; waits for one up to `wait`.
    pub(in crate::cli) async fn events(
        &self,
        token: &str,
        after: Option<&str>,
        wait: Duration,
    ) -> Result<EventPage, RemoteError> {
        let mut query = vec![("token", token)];
        query.extend(after.map(|after| ("after", after)));
        let body = self.get(&["v1", "events"], &query, wait).await?;
        serde_json::from_slice(&body).map_err(|_| self.unexpected("without events"))
    }

    /// Sends one event; returns once the broker has confirmed it.
    pub(in crate::cli) async fn send_one(&self, event: &PlainEvent) -> Result<(), RemoteError> {
        let body = event.to_line().into_bytes();
        self.post(&["v1", "events"], body).await.map(drop)
    }

    /// Sends events, each a JSON text; either the broker has confirmed all, or none was accepted.
    pub(in crate::cli) async fn send(&self, events: &[&[u8]]) -> Result<(), RemoteError> {
        let mut body = Vec::with_capacity(events.iter().map(|event| event.len() + 1).sum());
        body.push(b'[');
        body.extend_from_slice(&events.join(&b','));
        body.push(b']');
        let response = self.post(&["v1", "events"], body).await?;
        match serde_json::from_slice::<Receipts>(&response) {
            Ok(receipts) if receipts.events.len() == events.len() => Ok(()),
            Ok(_) | Err(_) => Err(self.unexpected("with another number of receipts")),
        }
    }
}
