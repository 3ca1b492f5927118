//! `POST /GetDocflows`: how the documents of a batch stand, now or as of one of their events. However
//! many they are, the database is asked a fixed number of questions.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use jiff::Timestamp;

use super::content::{self, Lies, Unread};
use super::document::{FoundDocument, document};
use super::form;
use super::proto::{DocumentId, DocumentWithDocflow, GetDocflowBatchResponse};
use super::request::{DocumentRequest, NO_EVENT, asked, own_box, several};
use crate::domain::ProcessKey;
use crate::domain::completion::MESSAGES_MAX;
use crate::files::FilePath;
use crate::http::state::Api;
use crate::http::web::auth::Caller;
use crate::http::web::problem::{HttpProblem, ProblemKind};
use crate::store::read::history::LogPlace;
use crate::store::read::item_lookup::{FoundFile, FoundItem};
use crate::store::read::record::{Record, StoredItem};
use crate::store::{Store, StoreError};
use crate::view::found::FoundProcess;
use crate::view::parts::{Part, Parts};
use crate::view::read::{self, Absent, ReadQuery};

/// The longest body of a call.
const BODY_BYTES_MAX: usize = 256 << 10;
/// The longest name that an answer repeats.
const NAME_BYTES_MAX: usize = 200;

const TOO_LONG: &str = "is too far into too long a history: with all that one call asks to see as of \
                        an event at most 10,000 events are read; ask for fewer at once";

/// Answers every request at its place, or none.
pub(super) async fn post(
    State(api): State<Api>,
    Caller(access): Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpProblem> {
    own_box(&uri, &access)?;
    let body = api.room.receive(body, BODY_BYTES_MAX).await?;
    let batch = form::read("GetDocflowBatchRequest", &headers, &body.bytes)?;
    let asked = asked(batch, &access.tenant)?;
    let documents = documents(&api, &asked).await?;
    form::answer(&api.room, &headers, &GetDocflowBatchResponse { documents })
}

/// A document that is asked for, with what was found of it.
struct Present<'a> {
    asked: &'a DocumentRequest,
    record: &'a Record,
    last_event_at: Option<Timestamp>,
    item: Option<Item<'a>>,
}

/// An item as it is, or as it was.
struct Item<'a> {
    outcome: FoundItem,
    lies: Lies<'a>,
}

async fn documents(
    api: &Api,
    asked: &[DocumentRequest],
) -> Result<Vec<DocumentWithDocflow>, HttpProblem> {
    let (wishes, places) = wishes(asked);
    let found = read::read(&api.store, &wishes).await?;
    let moments = moments(&api.store, &found).await?;
    let result = |place: &usize| found.get(*place).map(Result::as_ref);
    let results: Vec<_> = places.iter().filter_map(result).collect();
    refuse(asked, &results)?;
    let mut present = Vec::with_capacity(asked.len());
    for ((asked, result), place) in asked.iter().zip(&results).zip(&places) {
        if let Ok(found) = result {
            present.push(Present {
                asked,
                record: &found.record,
                last_event_at: moments.get(place).copied(),
                item: None,
            });
        }
    }
    items(&api.store, &mut present).await?;
    let keys: Vec<_> = wishes.iter().map(|wish| wish.key).collect();
    let files = api.primary.first_files(&keys).await?;
    let unread: Vec<_> = present.iter().map(|one| one.unread(&files)).collect();
    let contents = content::read(api, &unread).await?;
    let parts = present.iter().zip(contents);
    let found = parts.map(|(one, content)| FoundDocument {
        id: DocumentId {
            message_id: one.asked.message_id.clone(),
            entity_id: one.asked.entity_id.clone(),
        },
        record: one.record,
        item: one.item.as_ref().map(|item| &item.outcome),
        last_event_at: one.last_event_at,
        content,
    });
    Ok(found.map(document).collect())
}

/// Each process as of each event is read once, whatever is asked of it; with it comes the place of
/// what every request wants.
fn wishes(asked: &[DocumentRequest]) -> (Vec<ReadQuery>, Vec<usize>) {
    let mut wishes = Vec::new();
    let mut known = HashMap::new();
    let place = |one: &DocumentRequest| {
        *known.entry((one.key, one.as_of)).or_insert_with(|| {
            wishes.push(ReadQuery {
                key: one.key,
                parts: Parts::of(&[Part::Counts]),
                as_of: one.as_of,
            });
            wishes.len() - 1
        })
    };
    let places = asked.iter().map(place).collect();
    (wishes, places)
}

/// When the newest events of records were logged, by the places of the records.
async fn moments(
    store: &Store,
    found: &[Result<FoundProcess, Absent>],
) -> Result<HashMap<usize, Timestamp>, StoreError> {
    let records = found.iter().enumerate();
    let records = records.filter_map(|(at, found)| Some((at, &found.as_ref().ok()?.record)));
    let newest = records.filter_map(|(at, record)| {
        let (key, cursor) = (record.process.key, record.cursor?);
        Some((at, LogPlace { key, cursor }))
    });
    let (at, newest): (Vec<_>, Vec<_>) = newest.unzip();
    let moments = store.moments(&newest).await?;
    let moments = at.into_iter().zip(moments);
    Ok(moments
        .filter_map(|(at, moment)| Some((at, moment?)))
        .collect())
}

/// Finds the items that are asked for; the past brings its own.
async fn items(store: &Store, present: &mut [Present<'_>]) -> Result<(), HttpProblem> {
    let now = |one: &Present<'_>| one.asked.as_of.is_none();
    let wanted = present.iter().filter(|one| now(one));
    let wanted = wanted.filter_map(|one| Some((one.asked.key, one.asked.item()?)));
    let wanted: Vec<_> = wanted.collect();
    let mut found = store.find_items(&wanted).await?.into_iter();
    let mut unknown = Vec::new();
    for (place, one) in present.iter_mut().enumerate() {
        let Some(identifier) = one.asked.item() else {
            continue;
        };
        one.item = match now(one) {
            true => found.next().flatten().map(|outcome| Item {
                outcome,
                lies: Lies::Item(one.asked.key, identifier),
            }),
            false => {
                let mut items = one.record.items.iter();
                items.find(|item| item.identifier == identifier).map(past)
            }
        };
        if one.item.is_none() {
            unknown.push(named(place, one.asked, ""));
        }
    }
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(not_found(&unknown)),
    }
}

fn past(item: &StoredItem) -> Item<'_> {
    Item {
        outcome: FoundItem {
            ok: item.ok,
            messages: item.messages.iter().take(MESSAGES_MAX).cloned().collect(),
            document_id: item.document_id.clone(),
            bytes: item.data.as_ref().map(|data| data.len() as u64),
        },
        lies: match &item.data {
            Some(data) => Lies::Here(data),
            None => Lies::Nowhere,
        },
    }
}

impl Present<'_> {
    /// The data of an item, or the file with which the process was opened.
    fn unread(&self, files: &HashMap<ProcessKey, FoundFile>) -> Unread<'_> {
        let is_open = self.record.process.opening.is_some();
        let file = files.get(&self.asked.key).filter(|_| is_open);
        let (size, lies) = match (&self.item, file) {
            (Some(item), _) => (item.outcome.bytes, item.lies),
            (None, Some(file)) => {
                let path = FilePath {
                    process: self.asked.key.0,
                    id: file.id,
                };
                (Some(file.size), Lies::File(path))
            }
            (None, None) => (None, Lies::Nowhere),
        };
        Unread {
            size,
            lies,
            wanted: self.asked.inject,
        }
    }
}

/// One document that is not there spoils the batch, as the page says, and so does an event.
fn refuse(
    asked: &[DocumentRequest],
    results: &[Result<&FoundProcess, &Absent>],
) -> Result<(), HttpProblem> {
    let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
    for (place, (asked, result)) in asked.iter().zip(results).enumerate() {
        let Err(absent) = result else { continue };
        match absent {
            Absent::Unknown => unknown.push(named(place, asked, "")),
            Absent::Forgotten => unknown.push(named(place, asked, ", which is not kept any more")),
            Absent::NoEvent => wrong.push(format!("Requests[{place}].LastEventId {NO_EVENT}")),
            Absent::TooLong => wrong.push(format!("Requests[{place}].LastEventId {TOO_LONG}")),
            Absent::Unreadable(column) => return Err(StoreError::Corrupt(column).into()),
        }
    }
    if !unknown.is_empty() {
        return Err(not_found(&unknown));
    }
    if !wrong.is_empty() {
        return Err(HttpProblem::new(ProblemKind::InvalidBody, &several(&wrong)));
    }
    Ok(())
}

fn not_found(unknown: &[String]) -> HttpProblem {
    let detail = format!("in this box there is no document for {}", several(unknown));
    HttpProblem::new(ProblemKind::NotFound, &detail)
}

/// A request by its place and by what it names; escaped, for it came from outside.
fn named(place: usize, asked: &DocumentRequest, why: &str) -> String {
    let short = |text: &str| {
        let end = text.floor_char_boundary(NAME_BYTES_MAX);
        text.get(..end).unwrap_or_default().to_owned()
    };
    let (message, entity) = (short(&asked.message_id), short(&asked.entity_id));
    format!("Requests[{place}] (MessageId {message:?}, EntityId {entity:?}{why})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_comes_before_events_that_are_not_and_is_named() {
        let asked = |message: &str| DocumentRequest {
            message_id: message.to_owned(),
            entity_id: "a\"b".to_owned(),
            key: ProcessKey::of("acme", message),
            as_of: None,
            inject: false,
        };
        let asked = ["one", "two", "three"].map(asked);
        let said = |absent: [&Absent; 3]| {
            let problem = refuse(&asked, &absent.map(Err)).unwrap_err();
            (problem.kind(), problem.detail().to_owned())
        };
        let (trouble, detail) = said([&Absent::NoEvent, &Absent::Forgotten, &Absent::Unknown]);
        assert_eq!(trouble, ProblemKind::NotFound);
        assert_eq!(
            detail,
            r#"in this box there is no document for Requests[1] (MessageId "two", EntityId "a\"b", which is not kept any more); Requests[2] (MessageId "three", EntityId "a\"b")"#
        );
        let (trouble, detail) = said([&Absent::NoEvent, &Absent::TooLong, &Absent::NoEvent]);
        assert_eq!(trouble, ProblemKind::InvalidBody);
        assert!(
            detail.contains("Requests[1].LastEventId is too far"),
            "{detail}"
        );
        let (trouble, _) = said([
            &Absent::Unreadable("log"),
            &Absent::NoEvent,
            &Absent::NoEvent,
        ]);
        assert_eq!(trouble, ProblemKind::Unavailable);
    }
}
