//! Publishing for a tenant without a right to it, and consuming what is another's.

use serde_json::{Value, json};
use waybill::wire::PlainEvent;

use crate::ops::broker_rights::user_of;
use crate::support::forbidden_operations::Operation::{Bind, Declare, Delete, Get, Publish};
use crate::support::forbidden_operations::assert_refused;
use crate::support::ground::{Ground, assert_rows, holds, reaches};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::Recorder;

const ACME: &str = "waybill.tenant.acme.events";
const GLOBEX: &str = "waybill.tenant.globex.events";
const RUNNING: &str = "process where tenant = 'acme' and status = 'running'";
const REFUSED: &str = "dead_letter where reason = 'not_allowed' and tenant is null";

/// An event about a token that claims to be of a tenant.
fn event(tenant: &str, token: &str, id: &str, type_name: &str, data: Value) -> PlainEvent {
    PlainEvent {
        id: id.to_owned(),
        type_: type_name.to_owned(),
        token: Some(token.to_owned()),
        time: "2026-01-31T12:00:00Z".parse().expect("a time"),
        source: "scanner".to_owned(),
        tenant: Some(tenant.to_owned()),
        sequence: None,
        data,
    }
}

fn opening(tenant: &str, token: &str) -> Message {
    let id = format!("{token}-1");
    let event = event(tenant, token, &id, "upload.received", json!({ "total": 1 }));
    Message::event(&event)
}

fn cancelling(tenant: &str, token: &str) -> Message {
    let id = format!("{token}-2");
    Message::event(&event(tenant, token, &id, "upload.cancelled", json!({})))
}

/// The same from this broker user, or from one who claims to be it.
fn from(user: &str, message: Message) -> Message {
    message.having(|properties| properties.with_user_id(user.into()))
}

#[test]
fn an_upload_is_not_cancelled_without_a_right_to_its_tenant() {
    Ground::test("attack-cancel", async |ground| {
        ground.waybill(&["tenant", "add", "acme"]).ok();
        let worker = ground.plan().start().await;
        let mut acme = Producer::new(&ground).to(ACME);
        acme.publish(vec![opening("acme", "t1")]).await;
        reaches(&ground, RUNNING, 1).await;

        let mut hostile = Producer::new(&ground);
        hostile.publish(vec![cancelling("acme", "t1")]).await;
        reaches(&ground, REFUSED, 1).await;
        assert_rows(&ground, RUNNING, 1).await;
        ground.shows(&["dead", "list"], "not_allowed");
        worker.stop().await;
    });
}

#[test]
fn the_exchange_decides_the_tenant_whatever_the_body_says() {
    Ground::test("attack-body", async |ground| {
        for tenant in ["acme", "globex"] {
            ground.waybill(&["tenant", "add", tenant]).ok();
        }
        let worker = ground.plan().start().await;
        let mut globex = Producer::new(&ground).to(GLOBEX);
        globex.publish(vec![opening("acme", "t1")]).await;
        let own = "process where tenant = 'globex' and token = 't1'";
        reaches(&ground, own, 1).await;
        assert_rows(&ground, "process where tenant = 'acme'", 0).await;
        worker.stop().await;
    });
}

#[test]
fn a_rule_allows_its_user_and_ends_when_it_is_revoked() {
    Ground::test("attack-rules", async |ground| {
        let allow = [
            "producer", "allow", "waybill", "--tenant", "acme", "--type", "upload.*",
        ];
        ground.shows(&allow, "allowed user waybill: tenant acme");
        ground.shows(&["producer", "list"], "types upload.*");
        let worker = ground.plan().start().await;
        let mut producer = Producer::new(&ground);
        let allowed = from("waybill", opening("acme", "t1"));
        producer.publish(vec![allowed, opening("acme", "t2")]).await;
        reaches(&ground, RUNNING, 1).await;
        reaches(&ground, REFUSED, 1).await;
        // Of another tenant.
        producer
            .publish(vec![from("waybill", opening("globex", "t3"))])
            .await;
        reaches(&ground, REFUSED, 2).await;

        ground.shows(
            &["producer", "revoke", "waybill"],
            "revoked rules of user waybill: 1",
        );
        ground.refuses(&["producer", "revoke", "waybill"], 4, "no such rule");
        ground.waybill(&["tenant", "add", "globex"]).ok();
        let mut published = 3;
        holds("an event that is refused again", async || {
            published += 1;
            let event = from("waybill", opening("acme", &format!("t{published}")));
            producer.publish(vec![event]).await;
            ground.count(REFUSED).await > 2
        })
        .await;
        worker.stop().await;
    });
}

#[test]
fn a_refused_event_is_replayed_with_its_own_rights_unless_an_operator_gives_it_a_tenant() {
    Ground::test("attack-replay", async |ground| {
        ground.waybill(&["tenant", "add", "acme"]).ok();
        let worker = ground.plan().start().await;
        // The headers of a replay count only on Waybill's own exchange.
        let forged = opening("acme", "t1").having(|properties| {
            let mut headers = lapin::types::FieldTable::default();
            let exchange = lapin::types::AMQPValue::LongString(ACME.into());
            headers.insert("x-waybill-exchange".into(), exchange);
            properties.with_headers(headers)
        });
        let mut hostile = Producer::new(&ground);
        hostile.publish(vec![forged]).await;
        reaches(&ground, REFUSED, 1).await;
        let dry = ["dead", "replay", "--reason", "not_allowed", "--dry-run"];
        ground.shows(&dry, "would replay 1: not_allowed 1");
        ground.shows(
            &["dead", "replay", "--reason", "not_allowed"],
            "replayed 1 of 1",
        );
        let again =
            "dead_letter where reason = 'not_allowed' and exchange = 'waybill.internal.events'";
        reaches(&ground, again, 1).await;
        assert_rows(&ground, "process", 0).await;

        let trusting = [
            "dead",
            "replay",
            "--reason",
            "not_allowed",
            "--as-tenant",
            "acme",
        ];
        ground.shows(&trusting, "replayed 1 of 1");
        reaches(&ground, RUNNING, 1).await;
        assert_rows(&ground, "dead_letter", 0).await;
        worker.stop().await;
    });
}

#[test]
fn observing_applies_and_counts_what_enforcing_would_refuse() {
    Ground::test("attack-observe", async |ground| {
        ground.waybill(&["tenant", "add", "acme"]).ok();
        let worker = ground.plan().with("tenancy.mode", "observe").start().await;
        let mut producer = Producer::new(&ground);
        producer.publish(vec![opening("acme", "t1")]).await;
        reaches(&ground, RUNNING, 1).await;
        worker.counts("waybill_unauthorized_total", "", 1).await;
        worker.stop().await;
    });
}

#[test]
fn two_users_of_each_tenant_publish_and_consume_only_their_own() {
    Ground::test("attack-users", async |ground| {
        for tenant in ["acme", "globex"] {
            ground.waybill(&["tenant", "add", tenant]).ok();
        }
        let worker = ground.plan().start().await;
        let (acme, globex, producer, consumer) = tokio::join!(
            user_of(&ground, "tenant", "acme"),
            user_of(&ground, "tenant", "globex"),
            user_of(&ground, "producer", "acme"),
            user_of(&ground, "consumer", "acme"),
        );
        let own = "waybill.tenant.acme.own";
        let completions = "waybill.tenant.acme.completions";
        let all = Recorder::at(&acme, own, Some(completions)).await;
        let consumed = Recorder::at(&consumer, "rights-consumer-acme.own", Some(completions)).await;
        let others = "waybill.tenant.globex.completions";
        let foreign = Recorder::at(&globex, "waybill.tenant.globex.own", Some(others)).await;

        let ended = |token: &str| vec![opening("acme", token), cancelling("acme", token)];
        Producer::at(&acme).to(ACME).publish(ended("a1")).await;
        Producer::at(&producer).to(ACME).publish(ended("a2")).await;
        Producer::at(&globex).to(GLOBEX).publish(ended("g1")).await;
        all.tokens(2).await;
        consumed.tokens(2).await;
        foreign.tokens(1).await;
        assert_eq!(foreign.received()[0].routing_key, "upload.cancelled");
        assert!(foreign.by_token().contains_key("g1"));

        let shared = [
            Publish("waybill.events"),
            Publish("waybill.internal.events"),
            Publish(GLOBEX),
            Publish(""),
            Bind(own, "waybill.completions"),
            Bind(own, others),
            Get("waybill.tenant.globex.own"),
            Declare("waybill.tenant.globex.mine"),
            Delete("waybill.events.0"),
        ];
        assert_refused(&acme, &shared).await;
        assert_refused(&producer, &[Publish("waybill.events"), Publish(GLOBEX)]).await;
        assert_refused(&consumer, &[Bind("rights-consumer-acme.own", others)]).await;
        worker.stop().await;
    });
}

#[test]
fn a_completion_goes_to_no_queue_that_is_not_for_replies() {
    Ground::test("attack-reply-to", async |ground| {
        let commands = Recorder::of_queue(&ground, "payments.commands").await;
        let worker = ground.plan().start().await;
        let mut producer = Producer::new(&ground);
        let aimed = |queue: &str, token: &str| {
            opening("default", token).having(|properties| properties.with_reply_to(queue.into()))
        };
        producer
            .publish(vec![
                aimed("payments.commands", "t1"),
                aimed("waybill.dead", "t2"),
                cancelling("default", "t1"),
                cancelling("default", "t2"),
            ])
            .await;
        reaches(&ground, "process where status = 'cancelled'", 2).await;
        reaches(&ground, "outbox", 0).await;
        worker.counts("waybill_reply_to_ignored_total", "", 2).await;
        assert!(commands.received().is_empty());
        worker.stop().await;
    });
}
