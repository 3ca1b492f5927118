//! Messages that the broker refuses, and destinations without permission or existence: such
//! messages are set aside with the broker's reason, and no other message waits for them.

use std::time::Duration;

use lapin::options::ExchangeDeleteOptions;
use lapin::types::FieldTable;
use serde_json::json;
use waybill::wire::PlainEvent;

use super::isolation::{bind, stuck, uploads};
use crate::support::address::with_last;
use crate::support::channel::open;
use crate::support::ground::{Ground, ctl, holds, reaches, run};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::Recorder;
use crate::support::story::event;
use crate::workers::limits::largest_message;

const OUTBOX: &str = "outbox";
const DETAIL: &str = "outbox where detail like '%size%'";
/// Less than the form of the order, more than any other message.
const SIZE_MAX: usize = 60_000;

#[test]
fn a_message_that_the_broker_refuses_is_set_aside_and_delays_no_other() {
    run(async {
        let ground = Ground::own("too-large-for-the-broker").await;
        let rabbitmq = &ground.servers.as_ref().expect("its own servers").rabbitmq;
        let recorder = Recorder::of_completions(&ground).await;
        let stages = Recorder::of_stages(&ground).await;
        let mut producer = Producer::new(&ground);
        producer.events(&[order()]).await;
        let bad = |id: &str, length| Message::bad(id, "x".repeat(length).as_bytes(), "undecodable");
        producer
            .publish(vec![bad("long", 2 * SIZE_MAX), bad("short", 10)])
            .await;
        let limit = largest_message(SIZE_MAX);
        rabbitmq.ctl(&["eval", &limit]).await.expect("rabbitmqctl");
        let worker = ground.plan().start().await;
        producer.events(&uploads(100)).await;
        recorder.tokens(100).await;
        stuck(&worker, "refused", 1).await;
        assert_eq!(ground.count(DETAIL).await, 1);
        assert_eq!(ground.count(OUTBOX).await, 1);
        assert!(stages.received().is_empty());
        // A dead letter likewise.
        let replayed = ground.waybill(&["dead", "replay", "--all"]);
        replayed.ended(
            1,
            &["replayed 1 of 2; refused by the broker 1; the others are kept"],
        );
        worker.stop().await;
    });
}

#[test]
fn replies_without_permission_wait_and_delay_no_completion() {
    Ground::test("denied-replies", async |ground| {
        let vhost = ground.vhost();
        let user = format!("{vhost}-limited");
        ctl(&["add_user", &user, "secret"]).await;
        let all = ".*";
        ctl(&["set_permissions", "-p", &vhost, &user, all, "^waybill", all]).await;
        let url = ground
            .broker_url
            .replacen("//waybill:", &format!("//{user}:"), 1);
        let (start, place) = url.rsplit_once('@').expect("the address names a user");
        let (start, _) = start.rsplit_once(':').expect("the address has a password");
        let url = with_last(&format!("{start}:secret@{place}"), &vhost);
        let replies = Recorder::of_queue(&ground, "reply.mine").await;
        let recorder = Recorder::of_completions(&ground).await;
        let worker = ground.plan().with("broker.url", &url).start().await;
        let events: Vec<_> = uploads(60)
            .iter()
            .map(|event| {
                let replying = |p: lapin::BasicProperties| p.with_reply_to("reply.mine".into());
                Message::event(event).having(replying)
            })
            .collect();
        Producer::new(&ground).publish(events).await;
        recorder.tokens(60).await;
        holds("every reply set aside", async || {
            let now = worker.metric("waybill_outbox_stuck", "").await;
            now == 60 && replies.received().is_empty()
        })
        .await;
        ctl(&["set_permissions", "-p", &vhost, &user, all, all, all]).await;
        replies.tokens(60).await;
        reaches(&ground, OUTBOX, 0).await;
        stuck(&worker, "", 0).await;
        worker.stop().await;
        ctl(&["delete_user", &user]).await;
    });
}

#[test]
fn an_exchange_that_was_deleted_is_declared_again_and_nothing_kept_for_it_is_lost() {
    Ground::test("deleted-exchange", async |ground| {
        let (connection, channel) = open(&ground.broker_url).await;
        let recorder = Recorder::of_completions(&ground).await;
        let plan = ground.plan().with("outbox.unroutable", "keep");
        let worker = plan.start().await;
        let events = uploads(40);
        let mut producer = Producer::new(&ground);
        producer.events(&events[..40]).await;
        recorder.tokens(20).await;
        let exchange = "waybill.completions";
        let deleted = channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default());
        deleted.await.expect("it is there");
        producer.events(&events[40..]).await;
        let declared = Duration::from_secs(30);
        tokio::time::timeout(declared, async {
            loop {
                let (again, channel) = open(&ground.broker_url).await;
                let options = lapin::options::ExchangeDeclareOptions {
                    passive: true,
                    ..Default::default()
                };
                let kind = lapin::ExchangeKind::Topic;
                let none = FieldTable::default();
                let found = channel.exchange_declare(exchange.into(), kind, options, none);
                let found = found.await.is_ok();
                let _ = again.close(200, "OK".into()).await;
                if found {
                    return;
                }
            }
        })
        .await
        .expect("the exchange is declared again");
        bind(&channel, "recorder", "#").await;
        recorder.tokens(40).await;
        worker.stop().await;
        connection.close(200, "OK".into()).await.expect("a goodbye");
    });
}

/// An order whose form is larger than the broker's message size limit.
fn order() -> PlainEvent {
    let data = json!({ "form": { "text": "x".repeat(2 * SIZE_MAX) } });
    event("long-order", "long-order", 0, "order.opened", data)
}
