//! Resent completions: the same id and the same body, as long as the record has not changed.

use std::process::Stdio;

use tokio::process::Command;

use crate::faults::isolation::{stuck, uploads};
use crate::support::ground::{Ground, run, until};
use crate::support::producer::Producer;
use crate::support::recorder::{Received, Recorder};

/// The exit code and the output of a command.
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

/// Runs a command on the ground.
pub(crate) async fn waybill(ground: &Ground, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waybill"));
    command
        .args(args)
        .env_clear()
        .env("DATABASE_URL", &ground.database_url)
        .env("AMQP_URL", &ground.broker_url)
        .stdin(Stdio::null());
    let output = command.output().await.expect("the program runs");
    let texts = [output.stdout, output.stderr].concat();
    Output {
        code: output.status.code(),
        text: String::from_utf8_lossy(&texts).into_owned(),
    }
}

#[test]
fn a_completion_is_sent_again_with_the_same_id_and_body_by_token_or_by_time() {
    run(async {
        let ground = Ground::shared("resend").await;
        let recorder = Recorder::of_completions(&ground).await;
        let worker = ground.plan().start().await;
        Producer::new(&ground).events(&uploads(30)).await;
        let copies = async |count: usize| {
            until("every copy", async || {
                (recorder.received().len() == count).then_some(())
            })
            .await;
        };
        copies(30).await;
        let one = waybill(&ground, &["resend", "--token", "isolated-7"]).await;
        assert_eq!(one.code, Some(0), "{}", one.text);
        assert!(
            one.text.contains("1 to be sent at 50 per second: done 1"),
            "{}",
            one.text
        );
        copies(31).await;
        let span = ["resend", "--since", "2026-01-01T00:00:00Z"];
        let failed = [&span[..], &["--status", "error"]].concat();
        let dry = waybill(&ground, &[&failed[..], &["--dry-run"]].concat()).await;
        assert!(dry.text.contains("would send 3: error 3"), "{}", dry.text);
        let again = waybill(&ground, &[&failed[..], &["--rate", "1000"]].concat()).await;
        assert_eq!(again.code, Some(0), "{}", again.text);
        copies(34).await;
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
        let unknown = waybill(&ground, &["resend", "--token", "unknown"]).await;
        assert_eq!(unknown.code, Some(4), "{}", unknown.text);
        let wrong = waybill(&ground, &["resend"]).await;
        assert_eq!(wrong.code, Some(2), "{}", wrong.text);
        worker.stop().await;
    });
}

#[test]
fn an_undeliverable_completion_becomes_a_dead_letter_at_retention_and_can_be_replayed() {
    run(async {
        let ground = Ground::shared("undeliverable").await;
        let plan = ground.plan().with("outbox.unroutable", "keep");
        let worker = plan.with("process.retention", "1s").start().await;
        Producer::new(&ground).events(&uploads(5)).await;
        let count = "select count(*) from waybill.dead_letter where reason = 'undeliverable'";
        let left =
            "select (select count(*) from waybill.process) + (select count(*) from waybill.outbox)";
        until("dead letters instead of records", async || {
            let dead_letters = ground.number(count).await;
            (dead_letters == 5 && ground.number(left).await == 0).then_some(())
        })
        .await;
        let recorder = Recorder::of_completions(&ground).await;
        let args = ["dead", "replay", "--reason", "undeliverable"];
        let replayed = waybill(&ground, &args).await;
        assert_eq!(replayed.code, Some(0), "{}", replayed.text);
        until("the completions", async || {
            (recorder.by_token().len() == 5).then_some(())
        })
        .await;
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
    run(async {
        let ground = Ground::shared("resend-changed").await;
        let recorder = Recorder::of_completions(&ground).await;
        let worker = ground.plan().start().await;
        Producer::new(&ground).events(&uploads(1)).await;
        until("the completion", async || {
            (recorder.received().len() == 1).then_some(())
        })
        .await;
        ground
            .execute("update waybill.process set message = 'something else'")
            .await;
        let output = waybill(&ground, &["resend", "--token", "isolated-0"]).await;
        assert_eq!(output.code, Some(1), "{}", output.text);
        assert!(
            output.text.contains("changed in the database"),
            "{}",
            output.text
        );
        worker.stop().await;
        assert_eq!(recorder.received().len(), 1);
    });
}
