//! Orders from the command line, with a worker: opened, shown, pushed to their end.

use std::path::PathBuf;

use serde_json::Value;
use waybill::domain::access::Scope;

use crate::cli::workflow::sample;
use crate::support::client::served;
use crate::support::command::User;
use crate::support::ground::{holds, until};

/// Runs a test with the sample workflows, a worker with the API, and a user of it.
fn with_samples(name: &str, test: impl AsyncFnOnce(User)) {
    served(name, async |ground, client| {
        let (purchase, invoice) = (sample("purchase.toml"), sample("invoice.toml"));
        ground
            .waybill(&["workflow", "apply", &purchase, &invoice])
            .ok();
        test(User::keyed(&ground, &client.url(), &[Scope::Read, Scope::Write]).await).await;
    });
}

/// The record of an order, once it is at these stages.
async fn at_stages(user: &User, token: &str, stages: &[&str]) -> Value {
    until(&format!("{token} at {stages:?}"), async || {
        let answer = user.says(&["get", token, "--json"]);
        let record: Value = serde_json::from_str(&answer.out).unwrap_or_default();
        let places = record.pointer("/order/stands_at")?.as_array()?;
        let names: Vec<_> = places.iter().map(|place| &place["stage"]).collect();
        let is_there = names == stages && record["opening"]["source"].is_string();
        is_there.then_some(record)
    })
    .await
}

fn push(user: &User, arguments: &[&str]) {
    user.shows(&[&["push"], arguments].concat(), "waybill get ");
}

/// Opens an order; returns its token.
fn open_purchase(user: &User) -> String {
    let form = ["--set", "article=chair", "--set", "amount=12.5"];
    let open = [&["open", "purchase"], form.as_slice()].concat();
    let opened = user.says(&open).ok().complains("waybill get ");
    opened.out.trim().to_owned()
}

#[test]
fn an_order_is_opened_shown_and_pushed_to_its_end() {
    with_samples("ordering", async |user| {
        let token = &open_purchase(&user);
        let record = at_stages(&user, token, &["review"]).await;
        let order = &record["order"];
        assert_eq!(order["version"], 1);
        assert_eq!(order["form"]["amount"], 12.5);
        let place = &order["stands_at"][0];
        assert_eq!(
            place["outcomes"],
            serde_json::json!(["accepted", "refused", "unclear"])
        );
        assert_eq!(place["form"][0]["id"], "comment");

        push(
            &user,
            &[token, "--stage", "buy", "--set", "delivery=2026-12-01"],
        );
        let id = place["data_id"].as_str().unwrap();
        push(&user, &[token, "--data-id", id, "--outcome", "accepted"]);
        at_stages(&user, token, &["finance", "stock"]).await;
        push(&user, &[token, "--stage", "stock"]);
        let record = at_stages(&user, token, &["finance"]).await;
        let join = &record["order"]["joins"][0];
        assert_eq!(
            (&join["stage"], &join["missing"][0]),
            (&"buy".into(), &"finance".into())
        );
        assert_eq!(record["order"]["parked"]["stages"]["buy"], 1);
        user.shows(&["get", token], "current stages\n  finance  since ")
            .says("    field cost_centre: text, required\n")
            .says("waiting joins\n  buy: stock arrived, finance missing\n")
            .says("parked pushes (1)\n  buy  1\n")
            .says("  amount            12.5\n");

        push(
            &user,
            &[token, "--stage", "finance", "--set", "cost_centre=A7"],
        );
        user.says(&["watch", token, "--timeout", "30s"]).ok();
        let record = at_stages(&user, token, &[]).await;
        let order = &record["order"];
        assert_eq!(order["form"]["delivery"], "2026-12-01");
        assert_eq!(order["left"].as_array().unwrap().len(), 4);
        assert_eq!(order["parked"]["count"], 0);
    });
}

#[test]
fn an_order_shows_its_deadlines_and_its_attachments() {
    with_samples("tenants-order", async |user| {
        let form = ["--set", "scan=scan.pdf", "--set", "number=\"7\""];
        let more = ["--set", "total=80", "--attach", "scan.pdf"];
        let open = ["open", "invoice", "--token", "R-7"];
        let opened = user.says(&[open, form, more].concat()).ok();
        assert_eq!(opened.out, "R-7\n");
        opened.complains("`waybill get R-7`");
        let get = ["get", "R-7"];
        holds("the current stages", async || {
            user.says(&get).out.contains("current stages")
        })
        .await;
        user.shows(&get, ", then goes on with escalated\n")
            .says("outcome approved | escalated | rejected")
            .says("  number            \"7\"\n")
            .says("  attachments       scan.pdf\n");
    });
}

#[test]
fn the_sample_order_walks_to_its_end_through_a_loop() {
    with_samples("sampling", async |user| {
        let events = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/events");
        let file = events.join("order-done.jsonl").display().to_string();
        user.says(&["publish", &file]).ok();
        let watch = ["watch", "example-order", "--timeout", "30s"];
        user.says(&watch).ok();
        let record = at_stages(&user, "example-order", &[]).await;
        let left = record["order"]["left"].as_array().unwrap();
        let second = left.iter().find(|left| left["number"] == 2).unwrap();
        assert_eq!(
            (&second["stage"], &second["outcome"]),
            (&"review".into(), &"accepted".into())
        );
        assert_eq!(record["order"]["form"]["amount"], 241);
        assert_eq!(record["order"]["attachments"][0]["name"], "offer.pdf");
    });
}

#[test]
fn invalid_orders_are_refused_and_not_published() {
    with_samples("wrong-pushes", async |user| {
        let refused = |arguments: &[&str], text: &str| {
            user.refuses(arguments, 2, text);
        };
        refused(&["push", "t"], "--stage");
        refused(&["push", "t", "--data-id", "7"], "--data-id");
        let id = "6fa459ea-ee8a-3ca4-894e-db77e160355e";
        refused(
            &["push", "t", "--stage", "s", "--data-id", id],
            "cannot be used with",
        );
        let stage = ["push", "t", "--stage", "s", "--set"];
        refused(&[&stage[..], &["amount"]].concat(), "write FIELD=VALUE");
        refused(
            &[&stage[..], &["a=1", "--set", "a=2"]].concat(),
            "a second time",
        );
        refused(
            &[&stage[..], &["broker.nothing=2"]].concat(),
            "broker.nothing",
        );
        user.refuses(&["open", ""], 1, "workflow_id");
        let long = "x".repeat(300);
        let open = ["open", "purchase", "--token", &long];
        user.refuses(&open, 1, "token");
        let settings = ["open", "purchase", "--set", "broker.prefetch=100"];
        let form = ["--set", "article=chair", "--set", "amount=1"];
        let opened = user.says(&[&settings[..], &form[..]].concat());
        let token = opened.ok().out;
        at_stages(&user, token.trim(), &["review"]).await;
    });
}
