//! The roles of `deploy/postgresql`. Every process of every test logs in as a role of there with no more
//! than its own rights, and every command as that of operators; these tests check the rights.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use waybill::store::admin::rights::{self, RIGHTS, ROLES as PROGRAM};

use crate::support::address::password;
use crate::support::command::User;
use crate::support::ground::{Ground, Session, execute, migrate_all};

/// The role of a process with all roles.
pub(crate) const RUN: &str = "waybill_run";
/// The role that migrates.
pub(crate) const OWNER: &str = "waybill_owner";
/// The role of commands.
pub(crate) const OPERATOR: &str = "waybill_operator";
const READER: &str = "waybill_read";
/// A login for the roles that most tests start in one process.
const PIPELINE: &str = "e2e_pipeline";
const PIPELINE_ROLES: &str = "worker,relay,janitor";

/// Creates the roles.
pub(crate) const ROLES: &str = include_str!("../../../deploy/postgresql/roles.sql");

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
    let create = format!(
        "create role {PIPELINE} login in role waybill_worker, waybill_relay, waybill_janitor"
    );
    execute(url, &create).await;
    let password = password(url);
    for role in PROGRAM.into_iter().chain([OWNER, RUN, READER, PIPELINE]) {
        execute(url, &format!("alter role {role} password '{password}'")).await;
    }
    migrate_all(&login(url, OWNER)).await;
}

/// The address for a process with these roles, if it is that of the role for all.
pub(crate) fn of_roles(url: &str, roles: &str) -> String {
    let role = format!("waybill_{roles}");
    match roles {
        _ if !url.contains(&format!("//{RUN}:")) => url.to_owned(),
        PIPELINE_ROLES => login(url, PIPELINE),
        _ if PROGRAM.contains(&role.as_str()) => login(url, &role),
        _ => url.to_owned(),
    }
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
    let mut granted = Rights::new();
    for (table, privileges) in rights::needed(&PROGRAM) {
        for privilege in privileges {
            let whole = privilege.split(' ').next().expect("a word");
            add(&mut granted, &table, whole);
        }
    }
    assert_eq!(granted, needed, "rights.sql");
}

const CREATE_KEY: &str =
    "insert into waybill.api_key (id, tenant, scopes, hash) values ('', '', '{}', '')";

/// What each role must not do.
const FORBIDDEN: [(&str, &[&str]); 5] = [
    (
        "worker",
        &[
            CREATE_KEY,
            "select from waybill.api_key",
            "select from waybill.session",
            "insert into waybill.tenant (name) values ('acme')",
            "update waybill.producer set tenant = '*'",
            "insert into waybill.workflow (name) values ('purchase')",
            "insert into waybill.audit (action) values ('key.create')",
            "delete from waybill.audit",
            "delete from waybill.dead_letter",
            "delete from waybill.stage",
            "delete from waybill.file",
            "insert into waybill.replay default values",
        ],
    ),
    (
        "relay",
        &[
            CREATE_KEY,
            "select from waybill.api_key",
            "delete from waybill.process",
            "insert into waybill.event default values",
            "insert into waybill.outbox default values",
            "insert into waybill.replay default values",
            "delete from waybill.audit",
            "update waybill.workflow set name = ''",
        ],
    ),
    (
        "janitor",
        &[
            CREATE_KEY,
            "select from waybill.api_key",
            "insert into waybill.process default values",
            "insert into waybill.event default values",
            "insert into waybill.audit default values",
            "update waybill.audit set actor = 'other'",
            "delete from waybill.replay",
            "delete from waybill.producer",
        ],
    ),
    (
        "api",
        &[
            CREATE_KEY,
            "update waybill.api_key set scopes = '{admin}'",
            "update waybill.api_key set revoked_at = null",
            "delete from waybill.api_key",
            "delete from waybill.audit",
            "update waybill.audit set actor = 'other'",
            "insert into waybill.event default values",
            "insert into waybill.tenant (name) values ('acme')",
            "insert into waybill.producer default values",
            "insert into waybill.workflow (name) values ('purchase')",
        ],
    ),
    (
        "operator",
        &[
            "delete from waybill.api_key",
            "delete from waybill.audit",
            "update waybill.audit set actor = 'other'",
            "update waybill.session set ends_at = now()",
            "insert into waybill.event default values",
            "update waybill.dead_letter set body = ''",
            "delete from waybill.workflow",
        ],
    ),
];

#[test]
fn no_role_may_do_the_work_of_another() {
    Ground::test("role_by_role", async |ground| {
        for (role, statements) in FORBIDDEN {
            let url = login(&ground.database_url, &format!("waybill_{role}"));
            for statement in statements {
                assert_eq!(state(&url, statement).await, DENIED, "{role}: {statement}");
            }
            let doctor = User::at(&url, &ground.broker_url).says(&["doctor"]);
            doctor.ended(
                0,
                &[&format!("as user waybill_{role}"), "has every privilege"],
            );
        }
        let worker = login(&ground.database_url, "waybill_worker");
        execute(
            &ground.database_url,
            "grant insert on waybill.api_key to waybill_worker",
        )
        .await;
        let doctor = User::at(&worker, &ground.broker_url).says(&["doctor"]);
        doctor.ended(
            0,
            &["warn  database  waybill_worker needs less: it may insert on api_key"],
        );
        let owner = login(&ground.database_url, OWNER);
        migrate_all(&owner).await;
        assert_eq!(
            state(&worker, CREATE_KEY).await,
            DENIED,
            "a migration revokes it"
        );
        let doctor = User::at(&owner, &ground.broker_url).says(&["doctor"]);
        doctor.ended(0, &["waybill_owner owns the tables"]);
        let doctor = User::at(&ground.database_url, &ground.broker_url).says(&["doctor"]);
        doctor.ended(0, &["is a superuser"]);
    });
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
            &["as user waybill_run", "has every privilege that it needs"],
        );
    });
}

#[test]
fn the_read_role_reads_all_but_keys_and_a_new_table_is_closed_until_it_is_granted() {
    Ground::test("readers", async |ground| {
        let url = |role| login(&ground.database_url, role);
        let tables = rights::needed(&PROGRAM).into_keys();
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
        assert_eq!(state(&url(RUN), write).await, DENIED);
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

fn add(rights: &mut Rights, table: &str, right: &str) {
    let set = rights.entry(table.to_owned()).or_default();
    set.insert(right.to_owned());
}

fn name_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    &rest[..end.unwrap_or(rest.len())]
}
