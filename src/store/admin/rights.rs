//! The privileges that each role of the program needs on each table, as `deploy/postgresql/rights.sql`
//! grants them: applied after a migration, and compared with those of a login.

use std::collections::{BTreeMap, BTreeSet};

use crate::store::{Connection, Store, StoreError};

/// The statements that grant them.
pub const RIGHTS: &str = include_str!("../../../deploy/postgresql/rights.sql");
const ARE_APPLICABLE: &str = include_str!("../queries/admin/rights_are_applicable.sql");
const LIST: &str = include_str!("../queries/admin/list_privileges.sql");

/// The database's roles for roles of the program and for operators.
pub const ROLES: [&str; 5] = [
    "waybill_worker",
    "waybill_relay",
    "waybill_janitor",
    "waybill_api",
    "waybill_operator",
];

/// Privileges by table, such as `insert` or `update (last_used_at)`.
pub type Privileges = BTreeMap<String, BTreeSet<String>>;

/// What these roles need together.
#[must_use]
pub fn needed(roles: &[impl AsRef<str>]) -> Privileges {
    let mut needed = Privileges::new();
    for line in RIGHTS.lines() {
        let grant = line.strip_prefix("grant ");
        let grant = grant.and_then(|rest| rest.strip_suffix(';')?.split_once(" on waybill."));
        let Some((list, rest)) = grant else {
            continue;
        };
        if let Some((table, role)) = rest.split_once(" to ")
            && roles.iter().any(|known| known.as_ref() == role)
        {
            let set = needed.entry(table.to_owned()).or_default();
            set.extend(list.split(", ").map(str::to_owned));
        }
    }
    // What one role may do to a column, another may do to the table.
    for set in needed.values_mut() {
        let all = set.clone();
        set.retain(|privilege| {
            !all.iter()
                .any(|whole| privilege.starts_with(&format!("{whole} ")))
        });
    }
    needed
}

/// The tables on which a privilege of `left` is not in `right`, each with these privileges. A
/// privilege on a table covers its columns.
#[must_use]
pub fn missing(left: &Privileges, right: &Privileges) -> Privileges {
    let none = BTreeSet::new();
    let mut missing = Privileges::new();
    for (table, privileges) in left {
        let other = right.get(table).unwrap_or(&none);
        let covers = |privilege: &str| {
            let whole = privilege.split(' ').next().unwrap_or(privilege);
            other.contains(privilege) || other.contains(whole)
        };
        let rest: BTreeSet<_> = { privileges.iter() }
            .filter(|privilege| !covers(privilege))
            .cloned()
            .collect();
        if !rest.is_empty() {
            missing.insert(table.clone(), rest);
        }
    }
    missing
}

/// Grants each role its privileges, if the roles were created for this database and the current
/// user owns the tables.
pub(super) async fn apply(connection: &Connection) -> Result<bool, StoreError> {
    let applicable = rights_are_applicable(connection).await?;
    if applicable {
        connection.batch_execute(RIGHTS).await?;
    }
    Ok(applicable)
}

async fn rights_are_applicable(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.query_one(ARE_APPLICABLE, &[]).await?.get(0))
}

impl Store {
    /// The privileges of the current user on each table of the schema; those without any are
    /// listed, too.
    pub async fn list_privileges(&self) -> Result<Privileges, StoreError> {
        let rows = self.rows(LIST, &[]).await?;
        let rows = rows.iter().map(|row| {
            let privileges: Vec<String> = row.get(1);
            (row.get(0), privileges.into_iter().collect())
        });
        Ok(rows.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn privileges(table: &str, list: &[&str]) -> Privileges {
        let list = list.iter().copied().map(str::to_owned);
        Privileges::from([(table.to_owned(), list.collect())])
    }

    #[test]
    fn a_role_needs_what_the_file_grants_to_it() {
        let needed = needed(&["waybill_api"]);
        let key = BTreeSet::from(["select".to_owned(), "update (last_used_at)".to_owned()]);
        assert_eq!(needed.get("api_key"), Some(&key));
        assert_eq!(super::needed(&["waybill_worker"]).get("api_key"), None);
    }

    #[test]
    fn a_privilege_on_a_table_covers_its_columns_and_not_the_other_way_round() {
        let (whole, column) = (
            privileges("a", &["update"]),
            privileges("a", &["update (b)"]),
        );
        assert_eq!(missing(&column, &whole), Privileges::new());
        assert_eq!(missing(&whole, &column), whole);
        assert_eq!(missing(&whole, &Privileges::new()), whole);
    }
}
