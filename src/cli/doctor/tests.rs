//! The doctor's findings, without servers.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use jiff::{SignedDuration, Timestamp};

use super::finding::Finding;
use super::{broker, database, feed, listeners, privileges, trust};
use crate::broker::BrokerError;
use crate::broker::inspect::State;
use crate::broker::lapin_workarounds::greeting::Greeting;
use crate::cli::output::Style;
use crate::config::TenancyMode;
use crate::domain::access::Access;
use crate::store::admin::api_key::{KeyState, ListedKey};
use crate::store::admin::inspect::Inspection;
use crate::store::admin::migrate::Versions;
use crate::store::admin::rights;
use crate::store::read::feed_lag::Holder;
use crate::store::write::outbox::OutboxState;

pub(super) fn check(findings: impl IntoIterator<Item = Finding>, expected: Expect) {
    let lines = findings
        .into_iter()
        .map(|finding| finding.render(Style::PLAIN) + "\n");
    expected.assert_eq(&lines.collect::<String>());
}

fn now() -> Timestamp {
    "2026-11-21T20:44:16Z".parse().unwrap()
}

fn inspection() -> Inspection {
    Inspection {
        version_number: 150_018,
        version: "15.18".into(),
        read_only: false,
        may_create_schema: false,
        may_create_tables: false,
        user: "waybill".into(),
        superuser: false,
        owner: false,
        roles: Vec::new(),
        now: now(),
        synchronous_commit: "on".into(),
    }
}

#[test]
fn a_server_is_judged_by_version_role_and_clock() {
    let old = Inspection {
        version_number: 130_004,
        version: "13.4".into(),
        ..inspection()
    };
    check(
        [database::version(&inspection()), database::version(&old)],
        expect![[r#"
            ok    database  PostgreSQL 15.18, as user waybill
            FAIL  database  PostgreSQL 13.4, as user waybill
                            upgrade to version 14 or newer
        "#]],
    );
    let replica = Inspection {
        read_only: true,
        ..inspection()
    };
    let later = now() + SignedDuration::from_secs(61);
    check(database::server(&inspection(), now()), expect![[""]]);
    check(
        database::server(&replica, now())
            .into_iter()
            .chain(database::server(&inspection(), later)),
        expect![[r#"
            FAIL  database  is read-only
                            database.url must name the primary, without default_transaction_read_only
            warn  database  its clock and the clock of this machine differ by 61 s
                            synchronise both with NTP
        "#]],
    );
}

#[test]
fn the_durability_of_a_commit_is_reported() {
    let with = |value: &str| Inspection {
        synchronous_commit: value.into(),
        ..inspection()
    };
    check(
        ["on", "remote_apply", "remote_write", "local"]
            .map(|value| database::durability(&with(value))),
        expect![[r#"
            ok    database  a confirmed commit is on the primary's disk, and on that of each synchronous standby (synchronous_commit on)
            ok    database  a confirmed commit is on the primary's disk, and applied on each synchronous standby (synchronous_commit remote_apply)
            warn  database  a confirmed commit is on the primary's disk, and in the memory of each synchronous standby: a standby whose machine crashes during a failover loses the last commits (synchronous_commit remote_write)
                            unless this is intended, remove synchronous_commit from the options in database.url
            warn  database  a confirmed commit is on the primary's disk only: after a failover the last commits may be missing (synchronous_commit local)
                            unless this is intended, remove synchronous_commit from the options in database.url
        "#]],
    );
}

#[test]
fn a_schema_is_judged_by_its_version_and_the_users_permissions() {
    let versions = |applied| Versions { applied, known: 3 };
    let owner = Inspection {
        may_create_schema: true,
        may_create_tables: true,
        ..inspection()
    };
    check(
        [None, Some(2), Some(3), Some(4)]
            .map(|applied| database::schema(versions(applied), &owner)),
        expect![[r#"
            FAIL  database  has no tables yet
                            run `waybill migrate`
            FAIL  database  the schema has version 2, this program needs version 3
                            run `waybill migrate`
            ok    database  schema version 3, up to date
            warn  database  the schema has version 4, this program knows only version 3
                            use the newer program
        "#]],
    );
    check(
        [database::schema(versions(None), &inspection())],
        expect![[r#"
            FAIL  database  has no tables yet
                            run `waybill migrate` as a user with permission to create tables; this user has none
        "#]],
    );
}

#[test]
fn a_transaction_that_holds_the_feed_back_for_long_is_named() {
    let ago = |seconds| Some(now() - SignedDuration::from_secs(seconds));
    let running = |since| Holder {
        pid: Some(4711),
        user: Some("billing".into()),
        database: Some("erp".into()),
        since,
        prepared: None,
    };
    let prepared = Holder {
        pid: None,
        prepared: Some("two-phase".into()),
        ..running(ago(3_600))
    };
    check(
        [
            feed::judge(None, None, now()),
            feed::judge(Some(&running(ago(1))), ago(2), now()),
            feed::judge(Some(&running(None)), None, now()),
            feed::judge(Some(&running(ago(60))), None, now()),
            feed::judge(Some(&running(None)), ago(30), now()),
            feed::judge(Some(&prepared), ago(30), now()),
        ],
        expect![[r#"
            ok    database  nothing holds the change feed back
            ok    database  nothing holds the change feed back
            ok    database  nothing holds the change feed back
            warn  database  a transaction holds the change feed back: process 4711 of user billing in database erp, open since 2026-11-21T20:43:16Z
                            to end it: select pg_terminate_backend(4711)
            warn  database  a transaction holds the change feed back: process 4711 of user billing in database erp, open since 2026-11-21T20:43:46Z
                            to end it: select pg_terminate_backend(4711)
            warn  database  a transaction holds the change feed back: the prepared transaction 'two-phase' of user billing in database erp, open since 2026-11-21T19:44:16Z
                            commit prepared 'two-phase' or rollback prepared 'two-phase', in that database
        "#]],
    );
}

#[test]
fn pending_rows_are_reported_with_their_remedy() {
    let counts = BTreeMap::from([("expired".to_owned(), 2), ("too_deep".to_owned(), 0)]);
    check(
        [database::dead_letters(&counts)],
        expect![[r#"
            warn  database  dead letters: 2 (expired 2)
                            see `waybill dead list`
        "#]],
    );
    let outbox = |pending, minutes| OutboxState {
        pending,
        oldest: (pending > 0).then(|| now() - SignedDuration::from_mins(minutes)),
    };
    check(
        [outbox(0, 0), outbox(3, 0), outbox(3, 9)].map(|state| database::outbox(&state, now())),
        expect![[r#"
            ok    database  the outbox is empty
            ok    database  messages in the outbox: 3
            warn  database  messages in the outbox: 3, the oldest for 9 minutes
                            check that a relay is running (`waybill run`) and that a queue is bound for every completion
        "#]],
    );
}

#[test]
fn a_broker_is_judged_by_its_release() {
    let releases = ["3.9.1", "3.10.8", "4.0.5"].map(|version| Greeting {
        product: "RabbitMQ".into(),
        version: version.into(),
    });
    check(
        releases.iter().map(broker::version),
        expect![[r#"
            FAIL  broker    RabbitMQ 3.9.1
                            upgrade to version 3.10 or newer, whose quorum queues have all features used here
            ok    broker    RabbitMQ 3.10.8
            ok    broker    RabbitMQ 4.0.5
        "#]],
    );
}

#[test]
fn the_largest_body_is_judged() {
    use broker::BodyLimit::{Suitable, TooHigh, TooLow, Untested};
    check(
        [Suitable, TooHigh, TooLow, Untested].map(|limit| broker::body_limit(&Ok(limit), 1_000)),
        expect![[r#"
            ok    broker    accepts bodies of 1000 bytes and refuses more than 4000
            warn  broker    accepts bodies of more than 4000 bytes: a burst of them makes a worker exceed its memory
                            set max_message_size = 2000 in rabbitmq.conf (deploy/rabbitmq/waybill.conf)
            FAIL  broker    refuses bodies of 1000 bytes, which limits.body_bytes allows
                            set max_message_size = 2000 in rabbitmq.conf (deploy/rabbitmq/waybill.conf)
            warn  broker    was not tested with bodies of more than 67108864 bytes
                            check the limit yourself: set max_message_size = 2000 in rabbitmq.conf (deploy/rabbitmq/waybill.conf)
        "#]],
    );
}

#[test]
fn missing_parts_are_named_and_wrong_ones_fail() {
    let state = |name: &str, state| (name.to_owned(), state);
    check(
        broker::parts(&[state("a", State::Right), state("b", State::Right)]),
        expect![[r#"
            ok    broker    all 2 exchanges and queues exist
        "#]],
    );
    let wrong = State::Wrong(BrokerError::Topology("it is a classic queue".into()));
    check(
        broker::parts(&[state("a", State::Absent), state("b", wrong)]),
        expect![[r#"
            FAIL  broker    b: it is a classic queue
            warn  broker    does not exist yet: a
                            `waybill run` creates them when it starts; until then nothing can be published
        "#]],
    );
    let queues = [
        ("waybill.events.3", 5),
        ("waybill.dead", 1),
        ("waybill.events.4", 0),
    ];
    check(
        queues
            .into_iter()
            .filter_map(|(queue, count)| broker::leftover(queue, count)),
        expect![[r#"
            warn  broker    waybill.events.3, of a higher number of partitions or of a tenant that has no queue of its own any more, still has events: 5
                            restart a worker: it consumes them too
            warn  broker    waybill.dead has messages that the broker dead-lettered: 1
                            start a worker: it stores them as dead letters
        "#]],
    );
}

#[test]
fn a_users_privileges_are_compared_with_those_of_its_roles() {
    let worker = Inspection {
        user: "waybill_worker".into(),
        roles: vec!["waybill_worker".into()],
        ..inspection()
    };
    let exact = rights::needed(&worker.roles);
    let mut more = exact.clone();
    more.insert("api_key".into(), ["insert".to_owned()].into());
    let mut less = exact.clone();
    less.insert("event".into(), ["select".to_owned()].into());
    check(
        [&exact, &more, &less].into_iter().flat_map(|granted| {
            let denied = privileges::denied(&worker, granted);
            denied
                .into_iter()
                .chain(privileges::too_many(&worker, granted))
        }),
        expect![[r#"
            warn  database  waybill_worker needs less: it may insert on api_key
                            revoke them from waybill_worker; log in as a role of deploy/postgresql/roles.sql, which `waybill migrate` as waybill_owner grants its privileges
            FAIL  database  may not delete, insert, update on event
                            log in as a role of deploy/postgresql/roles.sql, which `waybill migrate` as waybill_owner grants its privileges
        "#]],
    );
    let superuser = Inspection {
        superuser: true,
        ..inspection()
    };
    let owner = Inspection {
        owner: true,
        ..inspection()
    };
    check(
        [superuser, owner]
            .iter()
            .filter_map(|user| privileges::too_many(user, &exact)),
        expect![[r#"
            warn  database  waybill is a superuser, who may do anything to every database
                            log in as a role of deploy/postgresql/roles.sql, which `waybill migrate` as waybill_owner grants its privileges
            warn  database  waybill owns the tables, and may change and drop them
                            log in as a role of deploy/postgresql/roles.sql, which `waybill migrate` as waybill_owner grants its privileges
        "#]],
    );
}

#[test]
fn tenants_that_are_not_enforced_are_reported() {
    use TenancyMode::{Enforce, Observe, Shared};
    let modes = [Some(Shared), Some(Observe), Some(Enforce), None];
    check(
        modes.iter().filter_map(|mode| trust::tenancy(*mode, false)),
        expect![[""]],
    );
    check(
        modes.iter().filter_map(|mode| trust::tenancy(*mode, true)),
        expect![[r#"
            warn  tenancy   there are tenants or rules, and with tenancy.mode = shared every publisher on waybill.events may still act for each of them
                            remove tenancy.mode: without it they are enforced
            warn  tenancy   there are tenants or rules, and with tenancy.mode = observe every publisher on waybill.events may still act for each of them
                            remove tenancy.mode: without it they are enforced
        "#]],
    );
}

#[test]
fn keys_that_are_valid_for_longer_than_needed_are_named() {
    let days = |days: i64| now() + SignedDuration::from_hours(24 * days);
    let key = |id: &str, created, used, expires| ListedKey {
        id: id.into(),
        name: String::new(),
        access: Access {
            tenant: "default".into(),
            scopes: Vec::new(),
        },
        state: KeyState::Valid,
        created_at: created,
        expires_at: expires,
        revoked_at: None,
        created_by: None,
        last_used_at: used,
    };
    let (new, old, later) = (days(-1), days(-91), Some(days(1)));
    let mut revoked = key("revoked", old, None, None);
    revoked.state = KeyState::Revoked;
    let keys = [
        key("good", old, Some(new), later),
        key("endless", new, None, None),
        key("unused", old, None, later),
        key(
            "forgotten",
            old,
            Some(days(-90) - SignedDuration::from_secs(1)),
            later,
        ),
        revoked,
    ];
    check(
        trust::keys(&keys, now()),
        expect![[r#"
        warn  keys      never expire: endless
                        replace each with one that expires: `waybill key rotate ID`
        warn  keys      were not used for 90 days: unused, forgotten
                        `waybill key list` shows whose they are; `waybill key revoke ID` ends one
    "#]],
    );
}

#[test]
fn a_listener_that_other_machines_reach_is_reported() {
    let addresses = ["127.0.0.1:8080", "[::1]:8080", "0.0.0.0:8080"];
    let addresses = addresses.map(|address| address.parse().unwrap());
    check(
        addresses.into_iter().flat_map(|address| {
            let plain = listeners::plain(address);
            plain.into_iter().chain(listeners::open_figures(address))
        }),
        expect![[r#"
            note  http      http.listen 0.0.0.0:8080 accepts plain text from other machines: whether only a proxy with TLS reaches it was not checked
                            set http.cert_file and http.key_file; or put a proxy with TLS in front, let nothing else reach it, and name it in http.trusted_proxies
            note  http      ops.listen 0.0.0.0:8080 shows figures over all tenants without authentication: who reaches it was not checked
                            let Prometheus and health checks alone reach it
        "#]],
    );
}
