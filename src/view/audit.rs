//! Acts as JSON: the same for the command line and the API.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::schema;
use crate::store::admin::audit::RecordedAct;

/// A page of the audit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditPage)]
pub struct AuditPageView<'a> {
    acts: Vec<ActView<'a>>,
    /// The cursor of the next page.
    next: Option<String>,
    /// Whether more acts follow.
    more: bool,
}

/// Who did what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Act)]
pub struct ActView<'a> {
    at: Timestamp,
    /// `key`, `anonymous`, `command` or `program`.
    actor_kind: &'a str,
    /// The id of a key, or the user of a command line.
    actor: &'a str,
    /// An address, or the name of a machine.
    origin: &'a str,
    database_user: &'a str,
    #[schema(value_type = schema::AuditAction)]
    action: &'a str,
    object: &'a str,
    /// Whose, if it is of one tenant.
    tenant: Option<&'a str>,
    reason: Option<&'a str>,
}

/// The JSON view of a page; `has_more` says whether more acts follow.
#[must_use]
pub fn page(acts: &[RecordedAct], has_more: bool) -> AuditPageView<'_> {
    let last = acts.last().filter(|_| has_more);
    AuditPageView {
        acts: acts.iter().map(act).collect(),
        next: last.map(|last| last.cursor().to_string()),
        more: last.is_some(),
    }
}

/// The JSON view of an act.
#[must_use]
pub fn act(act: &RecordedAct) -> ActView<'_> {
    ActView {
        at: act.at,
        actor_kind: &act.actor_kind,
        actor: &act.actor,
        origin: &act.origin,
        database_user: &act.database_user,
        action: &act.action,
        object: &act.object,
        tenant: act.tenant.as_deref(),
        reason: act.reason.as_deref(),
    }
}
