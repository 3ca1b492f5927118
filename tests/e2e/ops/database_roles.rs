//! The roles of `deploy/postgresql`. Every worker of every test runs as the role that it has there,
//! so each statement is tested with no more than its rights; these tests check the rights.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::command::User;
use crate::support::ground::{Ground, Session, execute, migrate_all, password};

/// The role that Waybill runs as.
pub(crate) const RUN: &str = "waybill_run";
/// The role that migrates.
pub(crate) const OWNER: &str = "waybill_owner";
const READER: &str = "waybill_read";

/// Creates the roles.
pub(crate) const ROLES: &str = include_str!("../../../deploy/postgresql/roles.sql");
const RIGHTS: &str = include_str!("../../../deploy/postgresql/rights.sql");
const INSPECT: &str = include_str!("../../../src/store/queries/admin/inspect.sql");

/// The words before a table, and the right to it that they need.
const WORDS: [(&str, &str); 7] = [
    ("insert into waybill.", "insert"),
    ("update waybill.", "update"),
    ("delete from waybill.", "delete"),
    ("from waybill.", "select"),
    ("join waybill.", "select"),
    ("using waybill.", "select"),
    // Of the rights that allow this lock the least destructive one.
    ("lock table waybill.", "update"),
];

/// Words that need the right to update the table that was named last before them.
const UPDATES: [(&str, &[&str]); 3] = [
    ("do update", &["insert into waybill."]),
    ("for update", &["from waybill.", "join waybill."]),
    ("for no key update", &["from waybill.", "join waybill."]),
];

type Rights = BTreeMap<String, BTreeSet<String>>;

/// Sets a new database up as in production: the roles, the tables by their owner, the rights.
pub(crate) async fn set_up(url: &str) {
    execute(url, ROLES).await;
    let password = password(url);
    for role in [OWNER, RUN, READER] {
        execute(url, &format!("alter role {role} password '{password}'")).await;
    }
    let owner = login(url, OWNER);
    migrate_all(&owner).await;
    execute(&owner, RIGHTS).await;
}

/// The address with another user, who has the same password.
pub(crate) fn login(url: &str, user: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("an address");
    let (_, rest) = rest.split_once(':').expect("the address has a password");
    format!("{scheme}://{user}:{rest}")
}

#[test]
fn the_rights_are_those_that_the_statements_need() {
    let mut needed = needed();
    // Read outside the statement files, and written only by migrations.
    add(&mut needed, "migration", "select");
    assert_eq!(granted(RIGHTS), needed, "rights.sql");
    assert_eq!(inspected(INSPECT), needed, "inspect.sql");
}

#[test]
fn the_run_role_may_not_change_tables_or_write_what_it_never_writes() {
    Ground::test("roles", async |ground| {
        let as_run = login(&ground.database_url, RUN);
        for statement in [
            "drop table waybill.outbox",
            "drop schema waybill cascade",
            "alter table waybill.event add column more text",
            "alter table waybill.event alter column epoch set default 7",
            "truncate waybill.event",
            "create table waybill.more ()",
            "create index more on waybill.event (time)",
            "create schema more",
            "create role more",
            "delete from waybill.api_key",
            "delete from waybill.workflow",
            "delete from waybill.tally",
            "update waybill.dead_letter set reason = 'other'",
            "update waybill.epoch set number = 9",
            "update waybill.audit set actor = 'other'",
            "insert into waybill.migration (version) values (9)",
            "set role waybill_owner",
        ] {
            assert_eq!(state(&as_run, statement).await, DENIED, "{statement}");
        }
        let doctor = User::at(&as_run, &ground.broker_url).says(&["doctor"]);
        doctor.ended(
            0,
            &["as user waybill_run", "may read and write every table"],
        );
    });
}

#[test]
fn the_read_role_reads_all_but_keys_and_new_tables_are_writable_at_once() {
    Ground::test("readers", async |ground| {
        let url = |role| login(&ground.database_url, role);
        let tables = granted(RIGHTS).into_keys();
        for table in tables {
            let secret = ["api_key", "session"].contains(&table.as_str());
            let look = format!("select * from waybill.{table}");
            let expected = if secret { DENIED } else { "" };
            assert_eq!(state(&url(READER), &look).await, expected, "{look}");
            let delete = format!("delete from waybill.{table}");
            assert_eq!(state(&url(READER), &delete).await, DENIED, "{delete}");
        }
        execute(&url(OWNER), "create table waybill.later (value text)").await;
        let write = "insert into waybill.later values ('x')";
        let look = "select * from waybill.later";
        assert_eq!(state(&url(RUN), write).await, "");
        assert_eq!(state(&url(READER), look).await, DENIED);
        execute(&url(OWNER), RIGHTS).await;
        assert_eq!(state(&url(READER), look).await, "");
        // By the user who ran it first, and by the owner, who needs no right to create schemas.
        execute(&ground.database_url, ROLES).await;
        migrate_all(&url(OWNER)).await;
    });
}

/// SQLSTATE of a missing privilege.
const DENIED: &str = "42501";

/// The SQLSTATE that a statement ends with, empty on success.
async fn state(url: &str, statement: &str) -> String {
    let session = Session::open(url).await;
    match session.client.batch_execute(statement).await {
        Ok(()) => String::new(),
        Err(error) => error.code().expect("the server's answer").code().to_owned(),
    }
}

/// By the texts of all statements.
fn needed() -> Rights {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/queries");
    let mut rights = Rights::new();
    let doors = ["admin", "read", "write"].map(|door| std::fs::read_dir(folder.join(door)));
    for entry in doors.into_iter().flat_map(|door| door.expect("statements")) {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a statement");
        let lines = text.lines().filter(|line| !line.trim().starts_with("--"));
        needed_by(&lines.collect::<Vec<_>>().join(" "), &mut rights);
    }
    // What is changed or deleted is looked for first.
    for set in rights.values_mut() {
        set.insert("select".to_owned());
    }
    rights
}

fn needed_by(text: &str, rights: &mut Rights) {
    for (words, right) in WORDS {
        for (at, _) in text.match_indices(words) {
            let deletes = words.starts_with("from") && text[..at].ends_with("delete ");
            if !deletes {
                add(rights, name_at(text, at + words.len()), right);
            }
        }
    }
    for (words, before) in UPDATES {
        for (at, _) in text.match_indices(words) {
            let named = before
                .iter()
                .filter_map(|word| text[..at].rfind(word).map(|at| at + word.len()));
            let last = named.max().expect("a table before it");
            add(rights, name_at(text, last), "update");
        }
    }
}

fn granted(text: &str) -> Rights {
    let mut rights = Rights::new();
    for line in text.lines() {
        let grant = line.strip_prefix("grant ");
        let grant = grant.and_then(|rest| rest.strip_suffix(" to waybill_run;"));
        let Some((list, table)) = grant.and_then(|rest| rest.split_once(" on waybill.")) else {
            continue;
        };
        for right in list.split(", ") {
            add(&mut rights, table, right);
        }
    }
    rights
}

fn inspected(text: &str) -> Rights {
    let mut rights = Rights::new();
    for line in text.lines() {
        let row = line.trim().strip_prefix("('");
        let Some((table, list)) = row.and_then(|row| row.split_once("', '{")) else {
            continue;
        };
        let (list, _) = list.split_once('}').expect("an array");
        for right in list.split(',') {
            add(&mut rights, table, right);
        }
    }
    rights
}

fn add(rights: &mut Rights, table: &str, right: &str) {
    let set = rights.entry(table.to_owned()).or_default();
    set.insert(right.to_owned());
}

fn name_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    &rest[..end.unwrap_or(rest.len())]
}
