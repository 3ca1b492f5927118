//! Publishes dead letters again and returns the outcome of each; the caller deletes those that were
//! confirmed.
//!
//! A crash between the confirm and the deletion publishes a dead letter twice. That is harmless:
//! both messages carry the same event, and the log recognises its identity.

use std::time::Duration;

use uuid::Uuid;

use super::ReplayError;
use crate::broker::{Connection, HeaderValue, Outgoing, Publisher, Verdict};
use crate::pipeline::{authorization, dead_letter};
use crate::store::Store;
use crate::store::admin::replay::ReplayCounts;

/// The header that names the dead letter a message comes from. It makes the message differ from the
/// refused one: refused again, it becomes a dead letter of its own, which is not deleted with the
/// first.
const REPLAY_OF: &str = "x-waybill-replay-of";

/// The header that names the replay, so that the dead letters it caused can be found.
const REPLAY: &str = "x-waybill-replay";

/// Publishes dead letters.
#[derive(Debug)]
pub struct Sender<'a> {
    store: Store,
    connection: &'a Connection,
    confirm_timeout: Duration,
    publisher: Publisher,
    replay: Option<Uuid>,
    tenant: Option<String>,
}

/// Outcomes of a group of dead letters.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct SendReport {
    /// Those that the broker has confirmed.
    pub confirmed: Vec<Uuid>,
    /// How many of each outcome.
    pub counts: ReplayCounts,
}

impl<'a> Sender<'a> {
    /// Opens a channel for publishing.
    pub async fn open(
        store: &Store,
        connection: &'a Connection,
        confirm_timeout: Duration,
    ) -> Result<Self, ReplayError> {
        Ok(Self {
            store: store.clone(),
            connection,
            confirm_timeout,
            publisher: Publisher::open(connection, confirm_timeout).await?,
            replay: None,
            tenant: None,
        })
    }

    /// The same, on behalf of a replay.
    #[must_use]
    pub fn of(self, replay: Uuid) -> Self {
        Self {
            replay: Some(replay),
            ..self
        }
    }

    /// The same, for events that become this tenant's, by any publisher.
    #[must_use]
    pub fn for_tenant(self, tenant: Option<String>) -> Self {
        Self { tenant, ..self }
    }

    /// Publishes a piece of dead letters. One that no longer exists was replayed or deleted by
    /// another process.
    pub async fn send(&mut self, ids: &[Uuid]) -> Result<SendReport, ReplayError> {
        let (mut sent, mut messages) = (Vec::new(), Vec::new());
        let mut outcome = SendReport::default();
        for kept in self.store.read_dead_letters(ids).await? {
            match dead_letter::replay(&kept.dead_letter) {
                Some(mut message) => {
                    if let Some(tenant) = &self.tenant {
                        authorization::set_tenant(&mut message, tenant);
                    }
                    sent.push(kept.dead_letter.id);
                    messages.push(marked(message, kept.dead_letter.id, self.replay));
                }
                None => outcome.counts.damaged += 1,
            }
        }
        let verdicts = match self.publisher.publish_all(&messages).await {
            Err(error) if error.is_of_channel() => self.one_by_one(&messages).await?,
            verdicts => verdicts?,
        };
        for (id, verdict) in sent.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Confirmed => outcome.confirmed.push(id),
                Verdict::Nacked => outcome.counts.nacked += 1,
                Verdict::Unroutable => outcome.counts.unroutable += 1,
            }
        }
        outcome.counts.confirmed = u64::try_from(outcome.confirmed.len()).unwrap_or(u64::MAX);
        Ok(outcome)
    }

    /// The broker closed the channel because of one of the messages: publishes each alone, and
    /// counts the one that closes it again as refused.
    async fn one_by_one(&mut self, messages: &[Outgoing]) -> Result<Vec<Verdict>, ReplayError> {
        let mut verdicts = Vec::with_capacity(messages.len());
        for message in messages {
            if !self.publisher.is_usable() {
                self.publisher = Publisher::open(self.connection, self.confirm_timeout).await?;
            }
            let published = self.publisher.publish_all(std::slice::from_ref(message));
            match published.await {
                Ok(verdict) => verdicts.extend(verdict),
                Err(error) if error.is_of_channel() => {
                    tracing::warn!(%error, "the broker refused a dead letter");
                    verdicts.push(Verdict::Nacked);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(verdicts)
    }
}

/// Marks a message with the dead letter and the replay it comes from. What its producer has claimed of that
/// is removed, also from within headers: the report of a replay finds its dead letters by the mark alone.
pub(super) fn marked(mut message: Outgoing, dead_letter: Uuid, replay: Option<Uuid>) -> Outgoing {
    let headers = &mut message.properties.headers;
    remove_marks(headers);
    for (name, id) in [(REPLAY_OF, Some(dead_letter)), (REPLAY, replay)] {
        let id = id.map(|id| HeaderValue::Text(id.to_string()));
        headers.extend(id.map(|id| (name.to_owned(), id)));
    }
    message
}

fn remove_marks(headers: &mut Vec<(String, HeaderValue)>) {
    headers.retain(|(name, _)| name != REPLAY_OF && name != REPLAY);
    for (_, value) in headers {
        remove_marks_within(value);
    }
}

fn remove_marks_within(value: &mut HeaderValue) {
    match value {
        HeaderValue::Table(entries) => remove_marks(entries),
        HeaderValue::List(values) => values.iter_mut().for_each(remove_marks_within),
        HeaderValue::Bool(_)
        | HeaderValue::Int(_)
        | HeaderValue::Uint(_)
        | HeaderValue::Float(_)
        | HeaderValue::Decimal { .. }
        | HeaderValue::Text(_)
        | HeaderValue::Bytes(_)
        | HeaderValue::Timestamp(_)
        | HeaderValue::Void => {}
    }
}
