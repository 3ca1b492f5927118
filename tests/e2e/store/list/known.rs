//! The contents of the table, and the rows of a selection, computed without SQL.

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;
use waybill::domain::{Kind, Status};
use waybill::store::read::list_selection::{Selection, TimeRange};

use crate::store::server::Server;

/// One process as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) token: String,
    key: Uuid,
    tenant: String,
    kind: String,
    status: String,
    workflow: Option<String>,
    group: Option<String>,
    module: Option<String>,
    source: Option<String>,
    filename: Option<String>,
    opened_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    created_at: Timestamp,
    stages: Vec<String>,
}

impl Server {
    /// All processes.
    pub(crate) async fn known(&self) -> Vec<Known> {
        let rows = self
            .query(
                "select token, key, tenant, kind, status, workflow, group_name, module, source,
                    filename, opened_at, ended_at, created_at,
                    array(select stage from waybill.stage where process = key and left_at is null)
             from waybill.process",
            )
            .await;
        let known = |row: &Row| Known {
            token: row.get(0),
            key: row.get(1),
            tenant: row.get(2),
            kind: row.get(3),
            status: row.get(4),
            workflow: row.get(5),
            group: row.get(6),
            module: row.get(7),
            source: row.get(8),
            filename: row.get(9),
            opened_at: row.get(10),
            ended_at: row.get(11),
            created_at: row.get(12),
            stages: row.get(13),
        };
        rows.iter().map(known).collect()
    }
}

/// The tokens that a reader must get, in this order.
pub(crate) fn expected(all: &[Known], tenant: &str, selection: &Selection) -> Vec<String> {
    let fits = |known: &&Known| known.tenant == tenant && known.fits(selection);
    let mut matching: Vec<_> = all.iter().filter(fits).collect();
    let by_end = selection.ended != TimeRange::default();
    let by_opening = selection.opened != TimeRange::default();
    matching.sort_by_key(|known| {
        let at = match selection.group {
            None if by_end => known.ended_at.unwrap(),
            None if by_opening => known.opened_at.unwrap(),
            _ => known.created_at,
        };
        std::cmp::Reverse((at, known.key))
    });
    matching.iter().map(|known| known.token.clone()).collect()
}

impl Known {
    fn fits(&self, selection: &Selection) -> bool {
        let is = |selected: &Option<String>, found: &Option<String>| {
            selected.is_none() || selected == found
        };
        let named = |part: &String| {
            let name = self.filename.as_ref().map(|name| name.to_ascii_lowercase());
            name.is_some_and(|name| name.contains(&part.to_ascii_lowercase()))
        };
        let statuses = selection.statuses.iter().map(|status| status.name());
        let statuses: Vec<_> = statuses.collect();
        selection.kind.is_none_or(|kind| kind.name() == self.kind)
            && (statuses.is_empty() || statuses.contains(&self.status.as_str()))
            && is(&selection.workflow, &self.workflow)
            && is(&selection.group, &self.group)
            && is(&selection.module, &self.module)
            && is(&selection.source, &self.source)
            && selection.filename.as_ref().is_none_or(named)
            && selection
                .stage
                .as_ref()
                .is_none_or(|stage| self.stages.contains(stage))
            && lies_in(selection.opened, self.opened_at)
            && lies_in(selection.ended, self.ended_at)
    }
}

fn lies_in(range: TimeRange, at: Option<Timestamp>) -> bool {
    range
        .after
        .is_none_or(|after| at.is_some_and(|at| at >= after))
        && range
            .before
            .is_none_or(|before| at.is_some_and(|at| at < before))
}

/// Selections of every kind, alone and combined; some select nothing.
pub(crate) const SELECTIONS: [&str; 31] = [
    "",
    "kind=order",
    "status=error&status=waiting",
    "workflow=hiring",
    "stage=stock",
    "stage=review",
    "group=g4",
    "group=rare",
    "group=none",
    "group=g2&kind=upload",
    "group=g6&opened_after=2025-12-31T12:00:00Z",
    "module=m3&source=s1",
    "source=unknown",
    "opened_after=2025-12-31T12:00:00Z",
    "opened_before=2025-12-31T12:00:00Z",
    "opened_after=2025-12-31T12:00:00Z&opened_before=2025-12-31T12:01:00.000001Z",
    "opened_after=2026-01-01T04:00:00Z&opened_before=2025-12-31T12:00:00Z",
    "ended_after=2026-01-01T04:00:00Z",
    "ended_before=2026-01-01T04:00:00Z",
    "ended_after=0001-01-01T00:00:00Z&ended_before=9999-12-30T00:00:00Z",
    "ended_before=2026-01-01T04:00:00Z&opened_after=2025-12-31T12:00:00Z&kind=order",
    "opened_before=2025-12-31T12:00:00Z&status=done",
    "filename=SCAN",
    "filename=_1",
    "filename=100%\\",
    "filename=%",
    "filename=_",
    "filename=\\",
    "filename=ÄrgER 1",
    "filename=999.PDF",
    "filename=nothing like it",
];

/// Parses a selection.
pub(crate) fn selection(text: &str) -> Selection {
    let mut read = Selection::default();
    for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
        let some = Some(value.to_owned());
        let time = || Some(value.parse().unwrap());
        match name {
            "kind" => read.kind = Kind::from_name(value),
            "status" => read.statuses.extend(Status::from_name(value)),
            "workflow" => read.workflow = some,
            "stage" => read.stage = some,
            "group" => read.group = some,
            "module" => read.module = some,
            "source" => read.source = some,
            "filename" => read.filename = some,
            "opened_after" => read.opened.after = time(),
            "opened_before" => read.opened.before = time(),
            "ended_after" => read.ended.after = time(),
            "ended_before" => read.ended.before = time(),
            other => panic!("{other} selects nothing"),
        }
    }
    read
}
