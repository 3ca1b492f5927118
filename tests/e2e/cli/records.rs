//! The schema, and commands that read records, with rows as a worker writes them.

use std::io::{BufRead, BufReader};

use waybill::domain::ProcessKey;
use waybill::domain::access::Scope;

use crate::support::client::served;
use crate::support::command::User;
use crate::support::ground::Ground;

const EVERY: [&str; 4] = ["done", "warning", "error", "cancelled"];

fn key(token: &str) -> String {
    ProcessKey::of("default", token).0.to_string()
}

async fn insert_ended(ground: &Ground, status: &str) {
    ground
        .execute(&format!(
            "insert into waybill.process (key, tenant, token, kind, status, ended_at, sealed_at, message)
             values ('{}', 'default', '{status}', 'upload', '{status}', now(), now(), 'because')",
            key(status)
        ))
        .await;
}

async fn insert_running(ground: &Ground) {
    let key = key("t");
    ground
        .execute(&format!(
            "insert into waybill.process (key, tenant, token, kind, status, opened_at, opening_stamp,
                 source, filename, items, items_failed, total, total_stamp)
             values ('{key}', 'default', 't', 'upload', 'running', '2026-11-21T20:44:01Z',
                 e'2026-11-21T20:44:01.000000Z\\t-\\tshop\\t1', 'shop', 'march.csv', 2, 1, 10,
                 e'2026-11-21T20:44:01.000000Z\\t-\\tshop\\t1');
             insert into waybill.event (process, source, id, type, time, late, pos, data)
             values ('{key}', 'shop', '3', 'upload.step', '2026-11-21T20:44:03Z', false, 1,
                     '{{\"name\":\"import\",\"state\":\"running\"}}'),
                    ('{key}', 'shop', '2', 'upload.step', '2026-11-21T20:44:02Z', false, 2,
                     '{{\"name\":\"virus scan\",\"state\":\"done\"}}');
             insert into waybill.item (process, identifier, ok, messages, stamp)
             values ('{key}', 'a', true, '{{}}', 's'), ('{key}', 'b', false, '{{bad}}', 's')"
        ))
        .await;
}

#[test]
fn the_schema_is_created_once_and_commands_report_when_it_is_missing() {
    Ground::test_empty("migrating", async |ground| {
        ground.refuses(&["dead", "list"], 1, "run `waybill migrate`");
        let doctor = ground.waybill(&["doctor"]).failed(1);
        doctor.says("has no tables yet");
        let applied = format!("applied {} migrations", migrations());
        ground.shows(&["migrate"], &applied);
        ground.shows(&["migrate"], "up to date");
    });
}

/// The number of migrations.
fn migrations() -> usize {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let files = std::fs::read_dir(folder).expect("a folder");
    let files = files.filter_map(|file| file.ok()?.path().extension().map(|e| e == "sql"));
    files.filter(|is_statement| *is_statement).count()
}

#[test]
fn a_record_is_shown_with_its_history_in_order_and_failed_items_first() {
    served("getting", async |ground, client| {
        let user = User::keyed(&ground, &client.url(), &[Scope::Read]).await;
        insert_running(&ground).await;
        let shown = user.shows(&["get", "t"], "running: 2 of 10 done, 1 failed");
        let at = |text: &str| shown.out.find(text).unwrap();
        assert!(at("virus scan") < at("import"), "{}", shown.out);
        assert!(at("FAIL  b  bad") < at("ok    a"), "{}", shown.out);
        assert!(!shown.out.contains('\u{1b}'));

        let json = user.says(&["get", "t", "--json", "--items", "1"]).ok();
        let json = json.json();
        assert_eq!(json["status"], "running");
        assert_eq!(json["items"][0]["identifier"], "b");
        assert_eq!(json["items"].as_array().unwrap().len(), 1);
        assert_eq!(json["counts"]["items"], 2);

        user.refuses(&["get", "unknown"], 4, "no process has this token");
    });
}

#[test]
fn watch_prints_what_is_new_and_ends_with_the_status() {
    served("watching", async |ground, client| {
        let user = User::keyed(&ground, &client.url(), &[Scope::Read]).await;
        for (status, code) in EVERY.into_iter().zip([0, 10, 11, 12]) {
            insert_ended(&ground, status).await;
            user.says(&["watch", status]).failed(code).says("because");
        }
        let unknown = ["watch", "unknown", "--timeout", "500ms"];
        user.refuses(&unknown, 13, "no events for unknown");

        insert_running(&ground).await;
        let mut watch = user.start(&["watch", "t", "--timeout", "20s"]);
        let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
        let mut printed: Vec<String> = Vec::new();
        // The last line that it prints at its first poll.
        while !printed.concat().contains("running: 2 of 10 done") {
            printed.push(lines.next().unwrap().unwrap());
        }
        let (key, step) = (key("t"), "{\"message\":\"nearly there\"}");
        ground
            .execute(&format!(
                "insert into waybill.event (process, source, id, type, time, late, pos, data)
                 values ('{key}', 'shop', '4', 'upload.step', '2026-11-21T20:44:01Z', false, 1, '{step}');
                 update waybill.process set status = 'done', ended_at = now(), sealed_at = now()
                 where key = '{key}'"
            ))
            .await;
        let later: Vec<_> = lines.map(Result::unwrap).collect();
        assert_eq!(watch.wait().unwrap().code(), Some(0), "{later:?}");
        assert!(printed.concat().contains("virus scan"), "{printed:?}");
        let later = later.concat();
        assert!(
            later.contains("nearly there") && !later.contains("virus scan"),
            "{later}"
        );
    });
}
