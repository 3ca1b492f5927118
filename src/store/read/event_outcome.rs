//! Outcomes of single events, for the clients that sent them.

use jiff::Timestamp;

use crate::domain::{Event, ProcessKey};
use crate::store::connection::Values;
use crate::store::{Store, StoreError, column};

const FIND: &str = include_str!("../queries/read/find_events.sql");
const NOW: &str = include_str!("../queries/read/database_now.sql");

/// An event whose outcome a client waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SentEvent {
    tenant: String,
    token: String,
    source: String,
    id: String,
    since: Timestamp,
}

/// The outcome of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOutcome {
    /// It is in the log.
    Logged {
        /// Whether its process had ended before.
        late: bool,
        /// Its data as received.
        data: String,
    },
    /// It was refused; the problem, as JSON, says why.
    Refused(String),
}

impl SentEvent {
    /// An event sent at `since`, by the database's clock; earlier refusals belong to another
    /// attempt.
    #[must_use]
    pub fn new(event: &Event, since: Timestamp) -> Self {
        Self {
            tenant: event.tenant.clone(),
            token: event.token.clone(),
            source: event.stamp.source.clone(),
            id: event.stamp.id.clone(),
            since,
        }
    }
}

impl Store {
    /// The outcomes of these events, of those that have one.
    pub async fn event_outcomes(
        &self,
        sent: &[SentEvent],
    ) -> Result<Vec<(SentEvent, EventOutcome)>, StoreError> {
        let values: Values<'_> = &[
            &column(sent, |sent| ProcessKey::of(&sent.tenant, &sent.token).0),
            &column(sent, |sent| sent.tenant.as_str()),
            &column(sent, |sent| sent.token.as_str()),
            &column(sent, |sent| sent.source.as_str()),
            &column(sent, |sent| sent.id.as_str()),
            &column(sent, |sent| sent.since),
        ];
        let rows = self.rows(FIND, values).await?;
        let outcome = |row: &tokio_postgres::Row| {
            let number = usize::try_from(row.get::<_, i64>(0)).ok()?;
            let outcome = match row.get::<_, Option<bool>>(1) {
                Some(late) => EventOutcome::Logged {
                    late,
                    data: row.get(2),
                },
                None => EventOutcome::Refused(row.get(3)),
            };
            Some((sent.get(number.checked_sub(1)?)?.clone(), outcome))
        };
        Ok(rows.iter().filter_map(outcome).collect())
    }

    /// The time by the database's clock.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(self.row(NOW, &[]).await?.get(0))
    }
}
