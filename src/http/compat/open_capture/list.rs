//! `GET monitoring/list`: the newest uploads, with offset and limit.
//!
//! A larger offset costs more, so the list ends where a page of the native API stops scanning:
//! after a fixed number of the tenant's newest processes. Within these it is exact.

use axum::Extension;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::dates::Language;
use super::request;
use super::row::{CUT, PARTS, is_short, row, statuses};
use crate::domain::{Kind, ProcessKey, Status};
use crate::http::state::Api;
use crate::http::web::list_query::name;
use crate::http::web::params::whole_number;
use crate::http::web::{Caller, HttpProblem, Parameters};
use crate::store::StoreError;
use crate::store::read::list::{LOOKED_AT_MAX, ListError};
use crate::store::read::list_selection::Selection;
use crate::store::read::record::Record;

/// Most rows of a page.
const LIMIT_MAX: u64 = 100;
/// Records per query; their items and histories share its limits.
const AT_ONCE: usize = 10;
/// After this many bytes the rows have no documents and steps.
const BYTES_MAX: usize = 8 << 20;

/// Filter, offset and limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListParameters {
    pub(super) limit: u64,
    pub(super) offset: u64,
    pub(super) selection: Selection,
}

/// Returns a page.
pub(super) async fn get(
    api: Api,
    Caller(access): Caller,
    Extension(language): Extension<Language>,
    parameters: Parameters,
) -> Result<Response, HttpProblem> {
    let parameters = ListParameters::read(parameters)?;
    let page = page(&api, &access.tenant, &parameters).await;
    let (total, keys) = page.map_err(|error| match error {
        ListError::OtherSort => StoreError::Corrupt("order of a list").into(),
        ListError::Store(error) => HttpProblem::from(error),
    })?;
    let mut rows = Vec::new();
    let mut bytes = 0;
    for keys in keys.chunks(AT_ONCE) {
        for mut row in rows_of(&api, keys, language, &mut bytes).await? {
            row.insert("total".to_owned(), total.into());
            rows.push(row);
        }
    }
    api.room().json(&shown(rows))
}

/// The response body.
pub(super) fn shown(rows: Vec<Map<String, Value>>) -> Value {
    json!({ "processes": rows })
}

/// The rows of these processes; a record that was cut by the limits of the query is read alone.
async fn rows_of(
    api: &Api,
    keys: &[ProcessKey],
    language: Language,
    bytes: &mut usize,
) -> Result<Vec<Map<String, Value>>, HttpProblem> {
    if *bytes > BYTES_MAX {
        let bare = request::records(api, keys, &[]).await?;
        return Ok(bare
            .iter()
            .map(|record| bare_row(record, language))
            .collect());
    }
    let mut rows = Vec::new();
    for record in request::records(api, keys, &PARTS).await? {
        let shown = match is_short(&record) {
            true if *bytes <= BYTES_MAX => {
                let alone = request::records(api, &[record.process.key], &PARTS).await?;
                row(alone.first().unwrap_or(&record), language)
            }
            _ => row(&record, language),
        };
        *bytes += serde_json::to_string(&shown).map_or(0, |text| text.len());
        rows.push(shown);
    }
    Ok(rows)
}

/// A row without documents and steps, marked as truncated.
fn bare_row(record: &Record, language: Language) -> Map<String, Value> {
    let mut row = row(record, language);
    row.insert(CUT.to_owned(), true.into());
    row
}

/// The total, and the processes of the page.
async fn page(
    api: &Api,
    tenant: &str,
    parameters: &ListParameters,
) -> Result<(u64, Vec<ProcessKey>), ListError> {
    let store = api.store();
    let counted = store.count_listed(tenant, &parameters.selection, parameters.offset);
    let counted = counted.await?;
    let left = counted
        .total
        .saturating_sub(parameters.offset)
        .min(parameters.limit);
    if left == 0 {
        return Ok((counted.total, Vec::new()));
    }
    let page = store.list(tenant, &parameters.selection, counted.place, left);
    let processes = page.await?.processes;
    let keys = processes.iter();
    let keys = keys.map(|listed| ProcessKey::of(tenant, &listed.token));
    Ok((counted.total, keys.collect()))
}

impl ListParameters {
    /// Reads the query; unknown parameters are ignored.
    pub(super) fn read(mut parameters: Parameters) -> Result<Self, HttpProblem> {
        let up_to = |max| move |text: &str| whole_number(text, 0..=max);
        let limit = take(&mut parameters, "limit", up_to(LIMIT_MAX));
        let offset = take(&mut parameters, "offset", up_to(LOOKED_AT_MAX));
        let module = take(&mut parameters, "module", name);
        let statuses = take(&mut parameters, "status", statuses_named);
        parameters.finish_leniently()?;
        Ok(Self {
            limit: limit.unwrap_or(LIMIT_MAX),
            offset: offset.unwrap_or(0),
            selection: Selection {
                kind: Some(Kind::Upload),
                module,
                statuses: statuses.unwrap_or_default(),
                ..Selection::default()
            },
        })
    }
}

/// Reads an optional parameter; an empty one counts as absent.
fn take<T>(
    parameters: &mut Parameters,
    name: &str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    let read = |text: &str| match text.is_empty() {
        true => Ok(None),
        false => read(text).map(Some),
    };
    parameters.take(name, read).flatten()
}

fn statuses_named(text: &str) -> Result<Vec<Status>, String> {
    statuses(text).ok_or_else(|| "must be wait, running, done or error".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_its_rows_under_their_own_name() {
        assert_eq!(shown(Vec::new()), json!({ "processes": [] }));
    }
}
