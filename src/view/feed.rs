//! The change feed as JSON: each event with its cursor and its process.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::schema;
use crate::store::read::feed::{Feed, FeedEvent};

/// A page of the feed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventPage)]
pub struct FeedPageView<'a> {
    events: Vec<FeedEventView<'a>>,
    /// The cursor of the next page.
    next: String,
    /// Whether there are more events.
    more: bool,
}

/// One event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct FeedEventView<'a> {
    cursor: String,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    #[schema(value_type = schema::EventType)]
    type_name: &'a str,
    token: &'a str,
    tenant: &'a str,
    #[schema(value_type = schema::Kind)]
    kind: &'static str,
    time: Timestamp,
    sequence: Option<u64>,
    received_at: Timestamp,
    late: bool,
    /// The reason of the dead letter, if the event was dead-lettered after it had been logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'a str>,
    /// As received.
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<&'a RawValue>,
}

/// The JSON view of a page.
#[must_use]
pub fn page(feed: &Feed) -> FeedPageView<'_> {
    FeedPageView {
        events: feed.events.iter().map(event).collect(),
        next: feed.next.to_string(),
        more: feed.more,
    }
}

/// The JSON view of one event.
#[must_use]
pub fn event(event: &FeedEvent) -> FeedEventView<'_> {
    let logged = &event.logged;
    FeedEventView {
        cursor: event.cursor.to_string(),
        id: &logged.id,
        source: &logged.source,
        type_name: &logged.type_name,
        token: &event.token,
        tenant: &event.tenant,
        kind: event.kind.name(),
        time: logged.time,
        sequence: logged.sequence,
        received_at: logged.received_at,
        late: logged.late,
        refused: logged.refused.as_deref(),
        data: serde_json::from_str(&logged.data).ok(),
    }
}
