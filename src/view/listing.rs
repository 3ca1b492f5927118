//! A list of processes as JSON: a short form of each record.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::record::ProgressView;
use super::schema;
use crate::domain::Kind;
use crate::store::read::list::{Listed, Listing};

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProcessPage)]
pub struct ListPageView<'a> {
    processes: Vec<ProcessView<'a>>,
    /// The cursor of the next page.
    next: Option<String>,
    /// Whether more processes may follow.
    more: bool,
}

/// A process in short form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedProcess)]
struct ProcessView<'a> {
    token: &'a str,
    tenant: &'a str,
    #[schema(value_type = Option<schema::Kind>)]
    kind: Option<&'static str>,
    #[schema(value_type = schema::Status)]
    status: &'static str,
    progress: ProgressView,
    opened_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    created_at: Timestamp,
    workflow: Option<&'a str>,
    group: Option<&'a str>,
    module: Option<&'a str>,
    source: Option<&'a str>,
    filename: Option<&'a str>,
    code: Option<&'a str>,
    message: Option<&'a str>,
}

/// The JSON view of a page.
#[must_use]
pub fn page(listing: &Listing) -> ListPageView<'_> {
    ListPageView {
        processes: listing.processes.iter().map(process).collect(),
        next: listing.next.map(|next| next.to_string()),
        more: listing.next.is_some(),
    }
}

fn process(listed: &Listed) -> ProcessView<'_> {
    ProcessView {
        token: &listed.token,
        tenant: &listed.tenant,
        kind: listed.decided_kind().map(Kind::name),
        status: listed.status.name(),
        progress: ProgressView {
            done: listed.done,
            total: listed.total,
            failed: listed.failed,
        },
        opened_at: listed.opened_at,
        ended_at: listed.ended_at,
        created_at: listed.created_at,
        workflow: listed.workflow.as_deref(),
        group: listed.group.as_deref(),
        module: listed.module.as_deref(),
        source: listed.source.as_deref(),
        filename: listed.filename.as_deref(),
        code: listed.code.as_deref(),
        message: listed.message.as_deref(),
    }
}
