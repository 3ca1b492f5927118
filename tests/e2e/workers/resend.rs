//! Resent completions: the same id and the same body, as long as the record has not changed.

use crate::faults::isolation::{stuck, uploads};
use crate::support::ground::{Ground, holds};
use crate::support::producer::Producer;
use crate::support::recorder::{Received, Recorder};

#[test]
fn a_completion_is_sent_again_with_the_same_id_and_body_by_token_or_by_time() {
    Ground::test("resend", async |ground| {
        let recorder = Recorder::of_completions(&ground).await;
        let worker = ground.plan().start().await;
        Producer::new(&ground).events(&uploads(30)).await;
        recorder.copies(30).await;
        let one = ground.waybill(&["resend", "--token", "isolated-7"]);
        one.ended(0, &["1 to be sent at 50 per second: done 1"]);
        recorder.copies(31).await;
        let span = ["resend", "--since", "2026-01-01T00:00:00Z"];
        let failed = [&span[..], &["--status", "error"]].concat();
        let dry = ground.waybill(&[&failed[..], &["--dry-run"]].concat());
        dry.ended(0, &["would send 3: error 3"]);
        ground
            .waybill(&[&failed[..], &["--rate", "1000"]].concat())
            .ok();
        recorder.copies(34).await;
        for (token, copies) in recorder.by_token() {
            let same =
                |one: &Received, other: &Received| (&one.id, &one.body) == (&other.id, &other.body);
            assert!(copies.iter().all(|copy| same(copy, &copies[0])), "{token}");
            assert!(copies[0].cursor.is_some());
            assert!(
                copies[1..].iter().all(|copy| copy.cursor.is_none()),
                "{token}"
            );
        }
        ground.waybill(&["resend", "--token", "unknown"]).failed(4);
        ground.waybill(&["resend"]).failed(2);
        worker.stop().await;
    });
}

#[test]
fn an_undeliverable_completion_becomes_a_dead_letter_at_retention_and_can_be_replayed() {
    Ground::test("undeliverable", async |ground| {
        let plan = ground.plan().with("outbox.unroutable", "keep");
        let worker = plan.with("process.retention", "1s").start().await;
        Producer::new(&ground).events(&uploads(5)).await;
        let count = "select count(*) from waybill.dead_letter where reason = 'undeliverable'";
        let left =
            "select (select count(*) from waybill.process) + (select count(*) from waybill.outbox)";
        holds("dead letters instead of records", async || {
            let dead_letters = ground.number(count).await;
            dead_letters == 5 && ground.number(left).await == 0
        })
        .await;
        let recorder = Recorder::of_completions(&ground).await;
        let args = ["dead", "replay", "--reason", "undeliverable"];
        ground.waybill(&args).ok();
        recorder.tokens(5).await;
        let statuses = ["upload.error", "upload.done"];
        let copies = recorder.received();
        assert!(
            copies
                .iter()
                .all(|copy| statuses.contains(&copy.routing_key.as_str()))
        );
        stuck(&worker, "", 0).await;
        worker.stop().await;
    });
}

#[test]
fn a_completion_that_no_longer_matches_its_record_is_not_sent() {
    Ground::test("resend-changed", async |ground| {
        let recorder = Recorder::of_completions(&ground).await;
        let worker = ground.plan().start().await;
        Producer::new(&ground).events(&uploads(1)).await;
        recorder.copies(1).await;
        ground
            .execute("update waybill.process set message = 'something else'")
            .await;
        let output = ground.waybill(&["resend", "--token", "isolated-0"]);
        output.ended(1, &["changed in the database"]);
        worker.stop().await;
        assert_eq!(recorder.received().len(), 1);
    });
}
