//! Odd replays: dead letters that AMQP can't carry, and invalid forms.

use super::replays::{REASON, replay, with_dead_letters};
use crate::support::client::ROLES;
use crate::support::ground::{Ground, assert_rows, reaches};

/// Inserts a dead letter, older than all others, with headers that just fitted into a frame when they
/// came: with the added headers of a replay they do not.
async fn insert_large(ground: &Ground, id: &str, headers: &str) {
    ground
        .execute(&format!(
            "insert into waybill.dead_letter (id, reason, problem, tenant, token, exchange, routing_key,
                 queue, properties, headers, body, received_at)
             values ('{id}', 'too_large', '{{}}', 'default', 'large', 'waybill.events', 'upload.step',
                     'waybill.events.0', '{{}}', {headers}, 'x', now() - interval '1 day')"
        ))
        .await;
}

#[test]
fn a_dead_letter_larger_than_a_frame_stays_and_delays_no_other() {
    with_dead_letters("dead-large", ROLES, 3, async |ground, admin| {
        let headers = "'{\"a\":\"' || repeat('x', 131000) || '\"}'";
        insert_large(&ground, "00000000-0000-0000-0000-00000000000a", headers).await;
        // Numbers that came as one byte each and are sent as eight.
        let headers = "'{\"a\":[1' || repeat(',1', 30000) || ']}'";
        insert_large(&ground, "00000000-0000-0000-0000-00000000000b", headers).await;
        let page = replay(&admin, "all=yes").await;
        admin
            .shows(&page, &[">done</span>", "5 of 5", "Unroutable"])
            .await;
        assert_rows(&ground, "dead_letter where reason = 'too_large'", 2).await;
        let count = "select confirmed * 10 + unroutable from waybill.replay";
        assert_eq!(ground.number(count).await, 32);
    });
}

#[test]
fn an_empty_or_unknown_form_replays_nothing() {
    with_dead_letters("dead-forms", "worker,api", 2, async |ground, admin| {
        for nothing in [
            "letter=%20",
            "reason=%20",
            "all=+",
            "letter=&reason=&all=",
            "all=yes&dryrun=yes",
            "all=yes&rate=0",
            "all=yes&rate=1e9",
        ] {
            let reply = admin.form("/monitor/replays", nothing).await;
            assert_eq!(reply.status, 400, "{nothing}: {}", reply.body());
        }
        let place = "-009999-01-02T01:59:59Z_00000000-0000-0000-0000-000000000000";
        let list = format!("/monitor/dead-letters/reason?name={REASON}&after={place}");
        assert_eq!(admin.get(&list).await.status, 400);
        assert_eq!(ground.count("replay").await, 0);
        reaches(&ground, "dead_letter", 2).await;
    });
}
