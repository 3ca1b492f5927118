//! The query parameters of the audit.

use jiff::Timestamp;

use super::list_query::name;
use super::params::{Parameters, whole_number};
use super::problem::HttpProblem;
use crate::domain::access::Access;
use crate::store::admin::audit::{Action, AuditSelection};
use crate::store::read::audit_cursor::AuditCursor;

/// Default page size.
const LIMIT: u64 = 100;
/// The largest page.
pub(in crate::http) const LIMIT_MAX: u64 = 1_000;
const AFTER: &str = "after";
pub(in crate::http) const NAMES: [&str; 7] = [
    AFTER, "limit", "action", "actor", "object", "since", "until",
];

/// Filter, cursor and page size.
#[derive(Debug, Clone)]
pub(in crate::http) struct AuditQuery {
    pub(in crate::http) selection: AuditSelection,
    pub(in crate::http) after: Option<AuditCursor>,
    pub(in crate::http) limit: u64,
    /// All parameters but the cursor, as received.
    pub(in crate::http) given: Vec<(String, String)>,
}

impl AuditQuery {
    /// Reads the parameters, with times as `moment` reads them. An administrator sees the acts of the
    /// tenant, and an operator those of all.
    pub(in crate::http) fn read(
        mut parameters: Parameters,
        access: &Access,
        moment: fn(&str) -> Result<Timestamp, String>,
    ) -> Result<Self, HttpProblem> {
        let given = parameters.without(AFTER);
        let after = parameters.take(AFTER, place);
        let limit = parameters.take("limit", |text| whole_number(text, 1..=LIMIT_MAX));
        let selection = AuditSelection {
            tenant: (!access.operates()).then(|| access.tenant.clone()),
            action: parameters.take("action", action),
            actor: parameters.take("actor", name),
            object: parameters.take("object", name),
            since: parameters.take("since", moment),
            until: parameters.take("until", moment),
        };
        parameters.finish(&NAMES)?;
        Ok(Self {
            selection,
            after,
            limit: limit.unwrap_or(LIMIT),
            given,
        })
    }

    /// The parameters with another cursor.
    pub(in crate::http) fn with(&self, after: Option<AuditCursor>) -> Vec<(String, String)> {
        let after = after.map(|after| (AFTER.to_owned(), after.to_string()));
        self.given.iter().cloned().chain(after).collect()
    }
}

fn place(text: &str) -> Result<AuditCursor, String> {
    let place = text.parse();
    place.map_err(|_| "must be a cursor of this list, the `next` of the page before".to_owned())
}

fn action(text: &str) -> Result<Action, String> {
    Action::from_name(text).ok_or_else(|| {
        let names = Action::ALL.map(Action::name).join(", ");
        format!("must be one of {names}")
    })
}
