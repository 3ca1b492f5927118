//! Replays of dead letters from the monitor page: all of a group at a rate, dry runs, stopped
//! half-way, continued after a crash, and reported.

use serde_json::json;
use waybill::domain::access::Scope;

use crate::http::processes::keyed;
use crate::support::client::{Client, ROLES, served_as};
use crate::support::ground::{Ground, assert_contains, holds, reaches};
use crate::support::order_story;
use crate::support::producer::{Message, Producer};

/// A workflow that is not applied yet when its orders arrive.
const WORKFLOW: &str = "name = \"replayed\"\nstart = [\"only\"]\n[stages.only]\n";
pub(crate) const REASON: &str = "unknown_workflow";
/// The ids of dead letters.
pub(crate) const DEAD_LETTERS: &str = "select id::text from waybill.dead_letter";

fn orders(tag: &str, count: usize) -> Vec<Message> {
    let order = |n: usize| {
        let body = json!({
            "id": format!("{tag}-{n}"), "source": "e2e", "type": "order.opened",
            "token": format!("{tag}-{n}"), "data": { "workflow_id": "replayed" },
        });
        let bad = Message::bad(&format!("{tag}-{n}"), body.to_string().as_bytes(), REASON);
        Message {
            routing_key: "order.opened".to_owned(),
            ..bad
        }
    };
    (0..count).map(order).collect()
}

/// Orders that are open.
const ORDERS: &str = "process where kind = 'order' and opened_at is not null";

/// Runs a test with `count` dead letters and a client that may replay them.
pub(crate) fn with_dead_letters(
    name: &str,
    roles: &str,
    count: usize,
    test: impl AsyncFnOnce(Ground, Client),
) {
    served_as(name, roles, async |ground, open| {
        let (admin, _) = keyed(&ground, &open, "default", &[Scope::Admin]).await;
        dead_letters_of(&ground, count).await;
        test(ground, admin).await;
    });
}

pub(crate) async fn dead_letters_of(ground: &Ground, count: usize) {
    let mut producer = Producer::new(ground);
    producer.publish(orders("order", count)).await;
    let expected = i64::try_from(count).expect("few");
    reaches(ground, "dead_letter", expected).await;
}

/// Waits until there are no more dead letters than that.
async fn at_most(ground: &Ground, count: i64) {
    let what = format!("at most {count} dead letters");
    holds(&what, async || ground.count("dead_letter").await <= count).await;
}

/// Sends the form; returns the page that it leads to.
pub(crate) async fn replay(client: &Client, form: &str) -> String {
    let reply = client.form("/monitor/replays", form).await;
    assert_eq!(reply.status, 303, "{}", reply.body());
    reply.header("location").expect("a page").to_owned()
}

async fn apply(ground: &Ground) {
    order_story::apply(ground, "replayed", WORKFLOW).await;
}

fn status(word: &str) -> String {
    format!(">{word}</span>")
}

#[test]
fn a_group_is_dry_run_and_then_replayed_to_its_end() {
    Ground::test("dead-group", async |ground| {
        let (worker, open) = ground.answering().await;
        let (admin, _) = keyed(&ground, &open, "default", &[Scope::Admin]).await;
        dead_letters_of(&ground, 30).await;
        let tried = replay(&admin, "reason=unknown_workflow&dry_run=yes&rate=").await;
        let refused = format!("<bdi>{REASON}</bdi></th><td><span class=\"count\">30</span>");
        admin.shows(&tried, &[&status("done"), &refused]).await;
        apply(&ground).await;
        let tried = replay(&admin, "reason=unknown_workflow&dry_run=yes").await;
        let applied = "<bdi>Applied</bdi></th><td><span class=\"count\">30</span>";
        admin.shows(&tried, &[&status("done"), applied]).await;
        assert_eq!(
            (
                ground.count("dead_letter").await,
                ground.count(ORDERS).await
            ),
            (30, 0)
        );

        let group = admin.get("/monitor/dead-letters").await;
        assert!(group.body().contains(REASON), "{}", group.body());
        let confirm = "/monitor/replays/confirm?reason=unknown_workflow&rate=100";
        let confirm = admin.get(confirm).await;
        assert_contains(confirm.body(), "30 dead letters");
        let page = replay(&admin, "reason=unknown_workflow&rate=100").await;
        let published = "<bdi>Published</bdi></th><td><span class=\"count\">30</span>";
        let report = [
            &status("done"),
            published,
            "30 of 30",
            "None were refused again",
        ];
        admin.shows(&page, &report).await;
        reaches(&ground, ORDERS, 30).await;
        assert_eq!(ground.count("dead_letter").await, 0);
        let tally = "select sum(value)::bigint from waybill.tally where name = 'dead_letters'";
        assert_eq!(ground.number(tally).await, 0);
        let confirmed = "what=\"replay\",result=\"confirmed\"";
        let counted = worker.metric("waybill_published_total", confirmed).await;
        assert_eq!(counted, 30);
        worker.stop().await;
    });
}

#[test]
fn a_replayed_dead_letter_that_is_refused_again_returns_once_and_is_reported() {
    with_dead_letters("dead-again", ROLES, 12, async |ground, admin| {
        let page = replay(&admin, "all=yes").await;
        let back = "12 of them could not be applied again";
        admin
            .shows(&page, &[&status("done"), "12 of 12", back])
            .await;
        assert_eq!(ground.count("dead_letter").await, 12);
        apply(&ground).await;
        let one = &ground.texts(DEAD_LETTERS).await[0];
        let single = replay(&admin, &format!("letter={one}")).await;
        admin
            .shows(&single, &[&status("done"), "1 of 1", "one dead letter"])
            .await;
        reaches(&ground, ORDERS, 1).await;
        admin
            .shows(&page, &["11 of them could not be applied again"])
            .await;
    });
}

#[test]
fn a_stopped_replay_leaves_the_remaining_dead_letters() {
    with_dead_letters("dead-stop", ROLES, 40, async |ground, admin| {
        apply(&ground).await;
        let page = replay(&admin, "all=yes&rate=4").await;
        let id = page.rsplit_once('=').expect("an id").1;
        at_most(&ground, 38).await;
        let stop = format!("id={id}");
        let stopped = admin.form("/monitor/replay/stop", &stop).await;
        assert_eq!(stopped.status, 303);
        admin
            .shows(&page, &[&status("stopped"), "<bdi>Left</bdi>"])
            .await;
        let left = ground.count("dead_letter").await;
        assert!((20..=38).contains(&left), "{left} are left");
        reaches(&ground, ORDERS, 40 - left).await;
        assert_eq!(ground.count("dead_letter").await, left);
    });
}

#[test]
fn another_process_continues_the_replay_of_a_killed_one() {
    with_dead_letters("dead-killed", "worker,api", 60, async |ground, admin| {
        apply(&ground).await;
        let page = replay(&admin, "reason=unknown_workflow&rate=20").await;
        let plan = ground.plan().roles("relay");
        let doomed = plan.start().await;
        at_most(&ground, 50).await;
        doomed.kill().await;
        assert!(ground.count("dead_letter").await > 0);
        let next = plan.start().await;
        admin.shows(&page, &[&status("done"), "60 of 60"]).await;
        reaches(&ground, ORDERS, 60).await;
        assert_eq!(ground.count("dead_letter").await, 0);
        assert_eq!(ground.count("event where type = 'order.opened'").await, 60);
        next.stop().await;
    });
}

#[test]
fn another_process_continues_the_replay_of_a_stopped_one_at_once() {
    with_dead_letters("dead-stopped", "worker,api", 60, async |ground, admin| {
        apply(&ground).await;
        let page = replay(&admin, "all=yes&rate=20").await;
        let plan = ground.plan().roles("relay");
        let first = plan.start().await;
        at_most(&ground, 50).await;
        first.stop().await;
        assert_eq!(ground.count("replay where claimed_until > now()").await, 0);
        let next = plan.start().await;
        admin.shows(&page, &[&status("done"), "60 of 60"]).await;
        next.stop().await;
    });
}
