//! `POST /GetDocflows`: the status of the documents of a batch, now or as of one of their events,
//! with a fixed number of queries.

use std::collections::HashMap;

use axum::body::Body;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use jiff::Timestamp;

use super::content::{self, Location, Unread};
use super::document::{FoundDocument, document};
use super::form;
use super::proto::{DocumentId, DocumentWithDocflow, GetDocflowBatchResponse};
use super::request::{DocumentRequest, NO_EVENT, own_box, requests, several};
use crate::domain::completion::MESSAGES_MAX;
use crate::domain::{self, ProcessKey};
use crate::files::FilePath;
use crate::http::state::Api;
use crate::http::web::{Caller, HttpProblem, ProblemKind};
use crate::store::read::history::LogPlace;
use crate::store::read::item_lookup::{FoundFile, FoundItem};
use crate::store::read::record::Record;
use crate::store::{Store, StoreError};
use crate::view::parts::{Part, Parts};
use crate::view::read::{Absent, ReadQuery};
use crate::view::record::FoundProcess;

/// Most bytes of a body.
const BODY_BYTES_MAX: usize = 256 << 10;
/// Most bytes of a name that a response repeats.
const NAME_BYTES_MAX: usize = 200;

const TOO_LONG: &str = "is too far into too long a history: all documents with LastEventId in one \
                        call together may read at most 10,000 events; request fewer at once";

/// Returns all documents in the order of the requests, or an error.
pub(super) async fn post(
    api: Api,
    Caller(access): Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpProblem> {
    own_box(&uri, &access)?;
    let body = api.room().receive(body, BODY_BYTES_MAX).await?;
    let batch = form::read("GetDocflowBatchRequest", &headers, &body.bytes)?;
    let requests = requests(batch, &access.tenant)?;
    let documents = documents(&api, &requests).await?;
    form::answer(
        &api.room(),
        &headers,
        &GetDocflowBatchResponse { documents },
    )
}

/// A requested document, with what was found of it.
struct Present<'a> {
    request: &'a DocumentRequest,
    record: &'a Record,
    last_event_at: Option<Timestamp>,
    item: Option<Item<'a>>,
}

/// An item as it is now, or as of an event.
struct Item<'a> {
    outcome: FoundItem,
    location: Location<'a>,
}

async fn documents(
    api: &Api,
    requests: &[DocumentRequest],
) -> Result<Vec<DocumentWithDocflow>, HttpProblem> {
    let (queries, places) = queries(requests);
    let found = api.records(&queries).await?;
    let moments = moments(&api.store(), &found).await?;
    let result = |place: &usize| found.get(*place).map(Result::as_ref);
    let results: Vec<_> = places.iter().filter_map(result).collect();
    check_found(requests, &results)?;
    let mut present = Vec::with_capacity(requests.len());
    for ((request, result), place) in requests.iter().zip(&results).zip(&places) {
        if let Ok(found) = result {
            present.push(Present {
                request,
                record: &found.record,
                last_event_at: moments.get(place).copied(),
                item: None,
            });
        }
    }
    items(&api.store(), &mut present).await?;
    let keys: Vec<_> = queries.iter().map(|query| query.key).collect();
    let files = api.primary().first_files(&keys).await?;
    let unread: Vec<_> = present.iter().map(|one| one.unread(&files)).collect();
    let contents = content::read(api, &unread).await?;
    let parts = present.iter().zip(contents);
    let found = parts.map(|(one, content)| FoundDocument {
        id: DocumentId {
            message_id: one.request.message_id.clone(),
            entity_id: one.request.entity_id.clone(),
        },
        record: one.record,
        item: one.item.as_ref().map(|item| &item.outcome),
        last_event_at: one.last_event_at,
        content,
    });
    Ok(found.map(document).collect())
}

/// Reads each process as of each event once: returns the queries, and the index of the query of
/// every request.
fn queries(requests: &[DocumentRequest]) -> (Vec<ReadQuery>, Vec<usize>) {
    let mut queries = Vec::new();
    let mut known = HashMap::new();
    let place = |one: &DocumentRequest| {
        *known.entry((one.key, one.as_of)).or_insert_with(|| {
            queries.push(ReadQuery {
                key: one.key,
                parts: Parts::of(&[Part::Counts]),
                as_of: one.as_of,
            });
            queries.len() - 1
        })
    };
    let places = requests.iter().map(place).collect();
    (queries, places)
}

/// When the newest events of records were logged, by the indexes of the records.
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

/// Finds the requested items; a record as of an event has its own.
async fn items(store: &Store, present: &mut [Present<'_>]) -> Result<(), HttpProblem> {
    let now = |one: &Present<'_>| one.request.as_of.is_none();
    let items = present.iter().filter(|one| now(one));
    let items = items.filter_map(|one| Some((one.request.key, one.request.item()?)));
    let items: Vec<_> = items.collect();
    let mut found = store.find_items(&items).await?.into_iter();
    let mut unknown = Vec::new();
    for (place, one) in present.iter_mut().enumerate() {
        let Some(identifier) = one.request.item() else {
            continue;
        };
        one.item = match now(one) {
            true => found.next().flatten().map(|outcome| Item {
                outcome,
                location: Location::Item(one.request.key, identifier),
            }),
            false => {
                let mut items = one.record.items.iter();
                items.find(|item| item.identifier == identifier).map(past)
            }
        };
        if one.item.is_none() {
            unknown.push(named(place, one.request, ""));
        }
    }
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(not_found(&unknown)),
    }
}

fn past(item: &domain::Item) -> Item<'_> {
    Item {
        outcome: FoundItem {
            ok: item.ok,
            messages: item.messages.iter().take(MESSAGES_MAX).cloned().collect(),
            document_id: item.document_id.clone(),
            bytes: item.data.as_ref().map(|data| data.len() as u64),
        },
        location: match &item.data {
            Some(data) => Location::Here(data),
            None => Location::Nowhere,
        },
    }
}

impl Present<'_> {
    /// The data of an item, or the file with which the process was opened.
    fn unread<'a>(&'a self, files: &'a HashMap<ProcessKey, FoundFile>) -> Unread<'a> {
        let is_open = self.record.process.opening.is_some();
        let file = files.get(&self.request.key).filter(|_| is_open);
        let (size, location) = match (&self.item, file) {
            (Some(item), _) => (item.outcome.bytes, item.location),
            (None, Some(file)) => {
                let path = FilePath {
                    process: self.request.key.0,
                    object: file.object,
                };
                (Some(file.size), Location::File(path, &file.sha256))
            }
            (None, None) => (None, Location::Nowhere),
        };
        Unread {
            size,
            location,
            requested: self.request.inject,
        }
    }
}

/// One missing document or event fails the whole batch, as Diadoc's documentation says.
fn check_found(
    requests: &[DocumentRequest],
    results: &[Result<&FoundProcess, &Absent>],
) -> Result<(), HttpProblem> {
    let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
    for (place, (request, result)) in requests.iter().zip(results).enumerate() {
        let Err(absent) = result else { continue };
        match absent {
            Absent::Unknown => unknown.push(named(place, request, "")),
            Absent::Forgotten => {
                unknown.push(named(place, request, ", which is not kept any more"))
            }
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

/// A request by its index and its ids, which are escaped.
fn named(place: usize, request: &DocumentRequest, why: &str) -> String {
    let short = |text: &str| {
        let end = text.floor_char_boundary(NAME_BYTES_MAX);
        text.get(..end).unwrap_or_default().to_owned()
    };
    let (message, entity) = (short(&request.message_id), short(&request.entity_id));
    format!("Requests[{place}] (MessageId {message:?}, EntityId {entity:?}{why})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_documents_are_reported_before_missing_events() {
        let request = |message: &str| DocumentRequest {
            message_id: message.to_owned(),
            entity_id: "a\"b".to_owned(),
            key: ProcessKey::of("acme", message),
            as_of: None,
            inject: false,
        };
        let requests = ["one", "two", "three"].map(request);
        let problem = |absent: [&Absent; 3]| {
            let problem = check_found(&requests, &absent.map(Err)).unwrap_err();
            (problem.kind(), problem.detail().to_owned())
        };
        let (kind, detail) = problem([&Absent::NoEvent, &Absent::Forgotten, &Absent::Unknown]);
        assert_eq!(kind, ProblemKind::NotFound);
        assert_eq!(
            detail,
            r#"in this box there is no document for Requests[1] (MessageId "two", EntityId "a\"b", which is not kept any more); Requests[2] (MessageId "three", EntityId "a\"b")"#
        );
        let (kind, detail) = problem([&Absent::NoEvent, &Absent::TooLong, &Absent::NoEvent]);
        assert_eq!(kind, ProblemKind::InvalidBody);
        assert!(
            detail.contains("Requests[1].LastEventId is too far"),
            "{detail}"
        );
        let (kind, _) = problem([
            &Absent::Unreadable("log"),
            &Absent::NoEvent,
            &Absent::NoEvent,
        ]);
        assert_eq!(kind, ProblemKind::Unavailable);
    }
}
