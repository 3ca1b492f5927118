//! What became of single events: for whoever sent them and wants to know.

use jiff::Timestamp;

use crate::domain::{Event, ProcessKey};
use crate::store::{Store, StoreError, column};

const FIND: &str = include_str!("../queries/read/find_events.sql");
const NOW: &str = include_str!("../queries/read/database_now.sql");

/// An event that somebody asks about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SentEvent {
    tenant: String,
    token: String,
    source: String,
    id: String,
    since: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOutcome {
    /// It is in the log.
    Logged {
        /// Whether its process had ended before.
        late: bool,
        /// Its data as received.
        data: String,
    },
    /// It can't be applied; the problem, as JSON, says why.
    Refused(String),
}

impl SentEvent {
    /// Asks about an event; refusals from before `since`, by the database's clock, are another
    /// attempt's.
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
    /// What became of these events, as far as anything has.
    pub async fn event_outcomes(
        &self,
        sent: &[SentEvent],
    ) -> Result<Vec<(SentEvent, EventOutcome)>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(FIND).await?;
        let rows = connection
            .query(
                &statement,
                &[
                    &column(sent, |sent| ProcessKey::of(&sent.tenant, &sent.token).0),
                    &column(sent, |sent| sent.tenant.as_str()),
                    &column(sent, |sent| sent.token.as_str()),
                    &column(sent, |sent| sent.source.as_str()),
                    &column(sent, |sent| sent.id.as_str()),
                    &column(sent, |sent| sent.since),
                ],
            )
            .await?;
        let fate = |row: &tokio_postgres::Row| {
            let number = usize::try_from(row.get::<_, i64>(0)).ok()?;
            let fate = match row.get::<_, Option<bool>>(1) {
                Some(late) => EventOutcome::Logged {
                    late,
                    data: row.get(2),
                },
                None => EventOutcome::Refused(row.get(3)),
            };
            Some((sent.get(number.checked_sub(1)?)?.clone(), fate))
        };
        Ok(rows.iter().filter_map(fate).collect())
    }

    /// The time by the database's clock.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(NOW).await?;
        Ok(connection.query_one(&statement, &[]).await?.get(0))
    }
}
