//! The query parameters of a list of processes.

use super::params::{Parameters, whole_number};
use super::problem::HttpProblem;
use crate::domain::Status;
use crate::http::api::feed_query;
use crate::store::read::list::LIST_MAX;
use crate::store::read::list_cursor::ListCursor;
use crate::store::read::list_selection::{Selection, TimeRange};
use crate::wire::{self, Limits};

/// Default page size.
const LIMIT: u64 = 100;
const AFTER: &str = "after";
pub(in crate::http) const NAMES: [&str; 14] = [
    AFTER,
    "limit",
    "kind",
    "status",
    "workflow",
    "stage",
    "group",
    "module",
    "source",
    "filename",
    "opened_after",
    "opened_before",
    "ended_after",
    "ended_before",
];

/// Filter, cursor and page size.
#[derive(Debug)]
pub(in crate::http) struct ListQuery {
    pub(in crate::http) selection: Selection,
    pub(in crate::http) after: Option<ListCursor>,
    pub(in crate::http) limit: u64,
    /// All parameters but the cursor, as received.
    given: Vec<(String, String)>,
}

impl ListQuery {
    pub(in crate::http) fn read(mut parameters: Parameters) -> Result<Self, HttpProblem> {
        let given = parameters.without(AFTER);
        let after = parameters.take(AFTER, place);
        let limit = parameters.take("limit", |text| whole_number(text, 1..=LIST_MAX));
        let time = |text: &str| wire::time(text).map_err(str::to_owned);
        let selection = Selection {
            kind: parameters.take("kind", feed_query::kind),
            statuses: parameters.take("status", statuses).unwrap_or_default(),
            workflow: parameters.take("workflow", name),
            stage: parameters.take("stage", name),
            group: parameters.take("group", name),
            module: parameters.take("module", name),
            source: parameters.take("source", name),
            filename: parameters.take("filename", name),
            opened: TimeRange {
                after: parameters.take("opened_after", time),
                before: parameters.take("opened_before", time),
            },
            ended: TimeRange {
                after: parameters.take("ended_after", time),
                before: parameters.take("ended_before", time),
            },
        };
        parameters.finish(&NAMES)?;
        Ok(Self {
            selection,
            after,
            limit: limit.unwrap_or(LIMIT),
            given,
        })
    }

    /// The same query string with another cursor.
    pub(in crate::http) fn query(&self, after: ListCursor) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.given);
        query.append_pair(AFTER, &after.to_string());
        query.finish()
    }
}

pub(in crate::http) fn place(text: &str) -> Result<ListCursor, String> {
    let place = text.parse();
    place.map_err(|_| "must be a cursor of this list, the `next` of the page before".to_owned())
}

fn statuses(text: &str) -> Result<Vec<Status>, String> {
    let statuses: Option<Vec<_>> = text.split(',').map(Status::from_name).collect();
    statuses.ok_or_else(|| {
        let names = Status::ALL.map(Status::name).join(", ");
        format!("must be names out of {names}, with commas between them")
    })
}

/// A name as events may have it; any other can't be found.
pub(in crate::http) fn name(text: &str) -> Result<String, String> {
    let max = Limits::NAME_BYTES_MAX;
    let fits = (1..=max).contains(&text.len()) && !text.contains(char::is_control);
    let name = fits.then(|| text.to_owned());
    name.ok_or_else(|| format!("must be 1 to {max} bytes long, without control characters"))
}
