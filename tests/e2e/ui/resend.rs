//! Completions on the page of their process: why one is stuck, and an admin resends one.

use std::time::Duration;

use serde_json::json;
use waybill::domain::access::Scope;

use crate::faults::isolation::{bind, uploads};
use crate::http::processes::{keyed, viewers};
use crate::support::channel::open;
use crate::support::client::{Client, ROLES, Reply, Settings, served, served_with};
use crate::support::ground::{Ground, holds, reaches};
use crate::support::producer::Producer;
use crate::support::recorder::Recorder;
use crate::support::story::event;

const ACTION: &str = "/monitor/process/resend";
/// The form that sends a completion again.
const FORM: &str = "action=\"/monitor/process/resend\"";
/// Keeps completions that no queue is bound for.
const KEEP: Settings = &["outbox.unroutable=keep"];
const PAGE: &str = "/monitor/process?token=isolated-1";

/// Publishes some uploads to their end; returns clients.
async fn end_uploads(ground: &Ground, client: &Client) -> [Client; 3] {
    let mut events = uploads(3);
    events.push(event("open", "open-0", 0, "upload.received", json!({})));
    Producer::new(ground).events(&events).await;
    holds("the end of the uploads", async || {
        ground.count("process where ended_at is not null").await == 3
            && ground.count("process where ended_at is null").await == 1
    })
    .await;
    viewers(ground, client).await
}

async fn resend(client: &Client, token: &str) -> Reply {
    client.form(ACTION, &format!("token={token}")).await
}

/// Waits until the page of the process contains all words; returns it.
async fn shows(client: &Client, words: &[&str]) -> String {
    client.shows(PAGE, words).await
}

fn refused(reply: &Reply, status: u16, words: &str) {
    assert_eq!(reply.status, status, "{}", reply.body());
    assert!(reply.body().contains(words), "{}", reply.body());
}

#[test]
fn an_admin_resends_a_completion_from_the_page_of_its_process() {
    served("page-resend", async |ground, client| {
        let recorder = Recorder::of_completions(&ground).await;
        let [admin, reader, other] = &end_uploads(&ground, &client).await;
        let sent = shows(admin, &["the broker has confirmed it", FORM]).await;
        assert!(!sent.contains("Waiting to be published"), "{sent}");
        let read = shows(reader, &["the broker has confirmed it"]).await;
        assert!(!read.contains(FORM) && read.contains("admin"), "{read}");

        refused(&resend(reader, "isolated-1").await, 403, "scope");
        let elsewhere = admin.with("sec-fetch-site", "cross-site");
        refused(&resend(&elsewhere, "isolated-1").await, 403, "own pages");
        let unknown = "no process has this token";
        refused(&resend(other, "isolated-1").await, 404, unknown);
        refused(&resend(admin, "unknown").await, 404, unknown);
        refused(&resend(admin, "").await, 404, unknown);
        refused(&resend(admin, "open&all=yes").await, 400, "form");
        refused(&resend(admin, "open").await, 409, "has not ended");
        ground
            .execute("update waybill.process set message = 'other' where token = 'isolated-2'")
            .await;
        let changed = resend(admin, "isolated-2").await;
        refused(&changed, 409, "changed in the database");
        assert_eq!(recorder.received().len(), 3);

        let resent = resend(admin, "isolated-1").await;
        assert_eq!(resent.status, 303, "{}", resent.body());
        assert_eq!(resent.header("location"), Some(PAGE));
        recorder.copies(4).await;
        let copies = recorder.by_token().remove("isolated-1").expect("copies");
        assert_eq!(copies.len(), 2);
        assert_eq!(
            (&copies[0].id, &copies[0].body),
            (&copies[1].id, &copies[1].body)
        );
        shows(admin, &["the broker has confirmed it", FORM]).await;
    });
}

#[test]
fn a_pending_completion_is_not_sent_again() {
    served_with("page-resend-waits", KEEP, async |ground, client| {
        let [admin, ..] = end_uploads(&ground, &client).await;
        let waits = shows(&admin, &["Waiting to be published"]).await;
        assert!(!waits.contains(FORM), "{waits}");
        let again = resend(&admin, "isolated-1").await;
        refused(&again, 409, "in the outbox already");
        reaches(&ground, "outbox where slow = 'unroutable'", 3).await;
    });
}

#[test]
fn the_page_shows_why_a_completion_is_stuck_and_when_it_is_retried() {
    Ground::test("page-stuck", async |ground| {
        let (worker, client) = ground.answering_with(ROLES, KEEP).await;
        let [_, reader, _] = end_uploads(&ground, &client).await;
        let words = [
            "Unroutable",
            "unroutable",
            "No queue is bound",
            "Next attempt",
        ];
        let stuck = shows(&reader, &words).await;
        assert!(stuck.contains("upload.done"), "{stuck}");
        worker.stop().await;
        // The broker's text is escaped on the page.
        ground
            .execute(
                "update waybill.outbox set slow = 'refused', attempts = 7, detail = '<b>406', \
                 next_attempt_at = '2098-07-06T05:04:03Z'",
            )
            .await;
        let (worker, client) = ground.answering_as("api").await;
        let (reader, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        shows(&reader, &["&lt;b&gt;406", "2098-07-06 05:04:03", ">7</td>"]).await;
        worker.stop().await;
    });
}

#[test]
fn an_unroutable_completion_counts_as_sent_after_a_resend() {
    served("page-unroutable", async |ground, client| {
        let [admin, ..] = end_uploads(&ground, &client).await;
        shows(&admin, &["it was dropped", FORM]).await;
        let recorder = Recorder::of_queue(&ground, "bound-later").await;
        let (_connection, channel) = open(&ground.broker_url).await;
        bind(&channel, "bound-later", "#").await;
        // By now the relay has recorded that the broker returned the message.
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(resend(&admin, "isolated-1").await.status, 303);
        recorder.copies(1).await;
        shows(&admin, &["the broker has confirmed it"]).await;
    });
}
