//! Records as text and as JSON.

use expect_test::{Expect, expect};
use jiff::Timestamp;

use super::{SHOWN, text};
use crate::cli::output::Style;
use crate::domain::{
    Ended, Ending, EndingKind, Item, ItemCounts, Kind, Opening, Process, Stamp, Status,
};
use crate::store::read::record::{LoggedEvent, Record};
use crate::view::parts::{Part, Parts};
use crate::view::record::{self, View};
use crate::view::summary;

fn time(second: u8) -> Timestamp {
    format!("2026-11-21T20:44:{second:02}Z").parse().unwrap()
}

fn stamp(second: u8, sequence: Option<u64>) -> Stamp {
    Stamp {
        time: time(second),
        sequence,
        source: "shop".into(),
        id: format!("e{second}"),
    }
}

fn unopened() -> Record {
    let process = Process::unopened("default".into(), "8a4f0c".into(), Kind::Upload);
    Record::of(process, time(1))
}

fn running() -> Record {
    let mut record = unopened();
    let opening = Opening {
        filename: Some("march.csv".into()),
        group: Some("payroll".into()),
        attributes: Some(r#"{"year":2026}"#.into()),
        ..Opening::default()
    };
    record.process.opening = Some((stamp(1, Some(0)), opening));
    record.process.total = Some((stamp(1, Some(0)), 10));
    record.process.sequenced = 2;
    record
}

fn with_items(mut record: Record, seen: u64, failed: u64) -> Record {
    record.process.items = ItemCounts { seen, failed };
    record.items = vec![Item {
        identifier: "line 7".into(),
        ok: failed == 0,
        messages: vec!["no such \u{1b}[31mcost centre".into(), "check it".into()],
        document_id: Some("D-1".into()),
        data: None,
    }];
    record
}

fn ended(mut record: Record, status: Status, code: Option<&str>, message: Option<&str>) -> Record {
    record.process.ended = Some(Ended {
        status,
        at: time(31),
        code: code.map(str::to_owned),
        message: message.map(str::to_owned),
    });
    record
}

fn ending(mut record: Record, kind: EndingKind) -> Record {
    let stamp = stamp(30, Some(4));
    record.process.ending = Some(Ending { stamp, kind });
    record.process.settle_at = Some(time(59));
    record
}

fn step(second: u8, data: &str) -> LoggedEvent {
    LoggedEvent {
        refused: None,
        source: "shop".into(),
        id: format!("e{second}"),
        type_name: "upload.step".into(),
        time: time(second),
        sequence: None,
        late: false,
        data: data.into(),
        received_at: time(second),
    }
}

/// The text of a record, from its JSON as received over HTTP.
fn shown(record: &Record) -> String {
    let parts = [&SHOWN[..], &[Part::Events]].concat();
    let json = serde_json::to_string(&record::view(record, None, &Parts::of(&parts))).unwrap();
    let view: View<'static> = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&view).unwrap(), json);
    text::render(&view, Style::PLAIN)
}

fn check(record: &Record, expected: Expect) {
    expected.assert_eq(&shown(record));
}

#[test]
fn an_unopened_process_waits_for_its_opening() {
    check(
        &unopened(),
        expect![[r#"
        process 8a4f0c of tenant default
        waiting for its opening event since 2026-11-21T20:44:01Z
    "#]],
    );
    check(
        &ending(unopened(), EndingKind::Completed),
        expect![[r#"
            process 8a4f0c of tenant default
            waiting for its opening event; it completed at 2026-11-21T20:44:30Z already
              waiting for  its opening event and 4 of the 4 sequenced events before its end
              waits until  2026-11-21T20:44:59Z, then it ends without the rest
        "#]],
    );
}

#[test]
fn a_running_process_shows_its_progress() {
    let mut record = with_items(running(), 3, 1);
    record.events = vec![
        step(2, r#"{"name":"virus scan","state":"done"}"#),
        step(
            3,
            r#"{"message":"line one\nline two \u001b]0;owned\u0007","state":"running"}"#,
        ),
        step(
            4,
            r#"{"name":"import","message":"stopped","state":"error"}"#,
        ),
        step(5, "not json"),
    ];
    record.logged = 9;
    check(
        &record,
        expect![[r#"
            upload 8a4f0c of tenant default
            running: 3 of 10 done, 1 failed
              source       shop
              file         march.csv
              group        payroll
              attributes   {"year":2026}
              opened       2026-11-21T20:44:01Z
              progress     3 of 10 done, 1 failed

            history
              2026-11-21T20:44:02.000Z  done     virus scan
              2026-11-21T20:44:03.000Z  running  line one\nline two \u{1b}]0;owned\u{7}
              2026-11-21T20:44:04.000Z  error    import: stopped
              2026-11-21T20:44:05.000Z
              … history of the first 4 of 9 events (--events N)

            items (3, 1 failed)
              FAIL  line 7  document D-1  no such \u{1b}[31mcost centre; check it
              … and 2 more (--items N)
        "#]],
    );
}

#[test]
fn a_pending_ending_shows_what_it_waits_for() {
    check(
        &ending(with_items(running(), 3, 0), EndingKind::Completed),
        expect![[r#"
            upload 8a4f0c of tenant default
            running: 3 of 10 done, waiting for the rest since 2026-11-21T20:44:30Z
              source       shop
              file         march.csv
              group        payroll
              attributes   {"year":2026}
              opened       2026-11-21T20:44:01Z
              progress     3 of 10 done
              waiting for  2 of the 4 sequenced events before its end and 7 of its total of 10
              waits until  2026-11-21T20:44:59Z, then it ends without the rest

            items (3)
              ok    line 7  document D-1  no such \u{1b}[31mcost centre; check it
              … and 2 more (--items N)
        "#]],
    );
    let failed = EndingKind::Failed {
        message: None,
        code: None,
    };
    check(
        &ending(running(), failed),
        expect![[r#"
            upload 8a4f0c of tenant default
            running: 0 of 10 done, waiting for the rest since 2026-11-21T20:44:30Z
              source       shop
              file         march.csv
              group        payroll
              attributes   {"year":2026}
              opened       2026-11-21T20:44:01Z
              progress     0 of 10 done
              waiting for  2 of the 4 sequenced events before its end
              waits until  2026-11-21T20:44:59Z, then it ends without the rest
        "#]],
    );
}

#[test]
fn every_end_has_its_summary() {
    let all = [
        ended(with_items(running(), 10, 0), Status::Done, None, None),
        ended(with_items(running(), 3, 1), Status::Warning, None, None),
        ended(running(), Status::Warning, Some("incomplete"), None),
        ended(with_items(running(), 3, 3), Status::Error, None, None),
        ended(
            running(),
            Status::Error,
            Some("E17"),
            Some("the disk is full"),
        ),
        ended(running(), Status::Error, Some("deadline_exceeded"), None),
        ended(unopened(), Status::Cancelled, None, Some("not needed")),
    ];
    let words = |record: &Record| summary::summary(&record.process, record.created_at) + "\n";
    let words: String = all.iter().map(words).collect();
    expect![[r#"
        done: 10 of 10
        ended with a warning: 1 of 3 items failed
        ended with a warning: it is incomplete, 0 of 10 done
        ended with an error: all 3 items failed
        ended with an error: the disk is full, code E17, 0 of 10 done
        ended with an error: its deadline passed, 0 of 10 done
        cancelled: not needed
    "#]]
    .assert_eq(&words);
}

#[test]
fn an_ended_process_shows_its_completion_and_its_late_events() {
    let mut record = ended(running(), Status::Done, None, None);
    let lines = |record: &Record| {
        let text = shown(record);
        text[text.find("ended  ").unwrap()..].to_owned()
    };
    expect![[r#"
        ended        2026-11-21T20:44:31Z, after 30s
          completion   published and confirmed
    "#]]
    .assert_eq(&lines(&record));
    record.outbox = 2;
    record.late = 1;
    record.logged = 1;
    record.events = vec![LoggedEvent {
        refused: None,
        late: true,
        ..step(40, r#"{"message":"hello?"}"#)
    }];
    expect![[r#"
        ended        2026-11-21T20:44:31Z, after 30s
          completion   not published yet, 2 messages

        history
          2026-11-21T20:44:40.000Z           hello?  (late)

        late events (1)
          2026-11-21T20:44:40.000Z  upload.step  shop e40
    "#]]
    .assert_eq(&lines(&record));
    record.unroutable_at = Some(time(32));
    record.events.clear();
    expect![[r#"
        ended        2026-11-21T20:44:31Z, after 30s
          completion   kept and retried: no queue was bound for it at 2026-11-21T20:44:32Z

        history
          … history of the first 0 of 1 events (--events N)

        late events (1)
    "#]]
    .assert_eq(&lines(&record));
}

#[test]
fn a_record_as_json() {
    let mut record = ended(with_items(running(), 3, 1), Status::Warning, None, None);
    record.events = vec![step(2, r#"{"name":"virus scan","state":"done"}"#)];
    record.logged = 1;
    let text = serde_json::to_string(&record::view(&record, None, &Parts::of(&SHOWN))).unwrap();
    expect![[r#"
        {"token":"8a4f0c","tenant":"default","kind":"upload","status":"warning","summary":"ended with a warning: 1 of 3 items failed","progress":{"done":3,"total":10,"failed":1},"waiting_for":[],"settle_at":null,"deadline_at":null,"opened_at":"2026-11-21T20:44:01Z","ended_at":"2026-11-21T20:44:31Z","sealed_at":null,"elapsed_seconds":30.0,"code":null,"message":null,"opening":{"source":"shop","filename":"march.csv","module":null,"workflow":null,"group":"payroll","attributes":{"year":2026},"reply_to":null},"completion":"sent","unroutable_at":null,"outbox":0,"counts":{"events":1,"late":0,"items":3},
        "history":[{"time":"2026-11-21T20:44:02Z","state":"done","name":"virus scan","message":null,"late":false}],"items":[{"identifier":"line 7","ok":false,"messages":["no such \u001b[31mcost centre","check it"],"document_id":"D-1"}],"late":[]}"#]].assert_eq(&text.replace(",\"history", ",\n\"history"));
}
