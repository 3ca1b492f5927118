//! The doctor's checks of the database user's privileges: neither too few nor too many.

use super::finding::Finding;
use crate::cli::output;
use crate::store::admin::inspect::Inspection;
use crate::store::admin::rights::{self, Privileges, ROLES};

const ABOUT: &str = "database";
/// Tables that are named with what is too much.
const LISTED_MAX: usize = 8;
const ROLES_REMEDY: &str = "log in as a role of deploy/postgresql/roles.sql, which `waybill migrate` as waybill_owner \
     grants its privileges";

/// The tables on which privileges are missing.
pub(super) fn denied(inspection: &Inspection, granted: &Privileges) -> Option<Finding> {
    let mut needed = needed(inspection);
    // Before the first migration, and before the latest, tables are missing.
    needed.retain(|table, _| granted.contains_key(table));
    let missing = rights::missing(&needed, granted);
    if missing.is_empty() {
        return None;
    }
    let message = format!("may not {}", shown(&missing));
    Some(Finding::fail(ABOUT, message).remedy(ROLES_REMEDY.to_owned()))
}

/// What the user may do beyond what its statements need.
pub(super) fn too_many(inspection: &Inspection, granted: &Privileges) -> Option<Finding> {
    let user = &inspection.user;
    if inspection.superuser {
        let message = format!("{user} is a superuser, who may do anything to every database");
        return Some(Finding::warn(ABOUT, message).remedy(ROLES_REMEDY.to_owned()));
    }
    if inspection.owner {
        let message = format!("{user} owns the tables, and may change and drop them");
        return Some(Finding::warn(ABOUT, message).remedy(ROLES_REMEDY.to_owned()));
    }
    let excess = rights::missing(granted, &needed(inspection));
    if excess.is_empty() {
        return None;
    }
    let message = format!("{user} needs less: it may {}", shown(&excess));
    let remedy = format!("revoke them from {user}; {ROLES_REMEDY}");
    Some(Finding::warn(ABOUT, message).remedy(remedy))
}

/// What the statements of the user's roles need; of all if it is a member of none.
fn needed(inspection: &Inspection) -> Privileges {
    match inspection.roles.is_empty() {
        true => rights::needed(&ROLES),
        false => rights::needed(&inspection.roles),
    }
}

fn shown(privileges: &Privileges) -> String {
    let tables = privileges.iter().map(|(table, privileges)| {
        let privileges: Vec<_> = privileges.iter().map(String::as_str).collect();
        format!("{} on {table}", privileges.join(", "))
    });
    output::some(tables, LISTED_MAX)
}
