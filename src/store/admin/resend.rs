//! Completions that are resent on request: which ones, and their rows in the outbox.

use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::audit::{Act, Action};
use crate::domain::{ProcessKey, Status};
use crate::store::connection::Values;
use crate::store::write::outbox::OutboxRow;
use crate::store::{Store, StoreError, column, from_bigint};

const ENDED: &str = include_str!("../queries/admin/ended_between.sql");
const INSERT: &str = include_str!("../queries/admin/insert_resend.sql");

/// How many tokens of a resend the audit names.
const SHOWN_MAX: usize = 20;

/// Which completions to resend.
#[derive(Debug, Clone)]
pub struct EndedBetween {
    /// Of processes that were sealed at or after this time.
    pub since: Timestamp,
    /// And before this one.
    pub until: Timestamp,
    /// Only of this tenant.
    pub tenant: Option<String>,
    /// Only with one of these statuses; empty for all.
    pub statuses: Vec<Status>,
}

/// A process that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// When, by the database's clock.
    pub at: Timestamp,
    /// Which.
    pub key: ProcessKey,
}

impl Store {
    /// A page of sealed processes, after the last one of the previous page.
    pub async fn ended_between(
        &self,
        query: &EndedBetween,
        after: Option<Sealed>,
        limit: i64,
    ) -> Result<Vec<Sealed>, StoreError> {
        let statuses = column(&query.statuses, |status| status.name());
        let statuses = (!statuses.is_empty()).then_some(statuses);
        let after_time = after.map_or(query.since, |sealed| sealed.at);
        let after_key = after.map_or(Uuid::nil(), |sealed| sealed.key.0);
        let values: Values<'_> = &[
            &query.since,
            &query.until,
            &query.tenant,
            &statuses,
            &after_time,
            &after_key,
            &limit,
        ];
        let rows = self.rows(ENDED, values).await?;
        Ok(column(&rows, |row| Sealed {
            at: row.get(0),
            key: ProcessKey(row.get(1)),
        }))
    }

    /// Inserts completions into the outbox, due after `start` and then every `pause`; returns how
    /// many were not in the outbox already.
    pub async fn resend(
        &self,
        rows: &[OutboxRow],
        start: Duration,
        pause: Duration,
    ) -> Result<u64, StoreError> {
        let values: Values<'_> = &[
            &column(rows, |r| r.id),
            &column(rows, |r| r.token.as_str()),
            &column(rows, |r| r.type_name.as_str()),
            &column(rows, |r| r.process.0),
            &column(rows, |r| r.exchange.as_str()),
            &column(rows, |r| r.routing_key.as_str()),
            &column(rows, |r| serde_json::json!(r.headers).to_string()),
            &column(rows, |r| r.time),
            &start.as_secs_f64(),
            &pause.as_secs_f64(),
        ];
        let tokens: Vec<&str> = rows
            .iter()
            .take(SHOWN_MAX)
            .map(|row| row.token.as_str())
            .collect();
        let more = rows.len().saturating_sub(SHOWN_MAX);
        let object = match more {
            0 => tokens.join(" "),
            more => format!("{} and {more} more", tokens.join(" ")),
        };
        let act = Act {
            action: Action::Resent,
            object: &object,
            tenant: None,
        };
        let inserted = |rows: &[Row]| rows.first().map_or(0_i64, |row| row.get(0));
        let rows = self
            .act(act, INSERT, values, |rows| inserted(rows) > 0)
            .await?;
        Ok(from_bigint(inserted(&rows)))
    }
}
