//! Orders from the command line: opened, looked at, pushed to their end, with a worker beside.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cli::broker::{connection, waiting};
use crate::cli::ground::{Answer, Ground, on_ground, run};

const PATIENCE: Duration = Duration::from_secs(30);

/// `waybill run`, killed at the end.
struct Worker(Child);

impl Worker {
    fn start(ground: &Ground) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_waybill"))
            .args(["run", "--roles", "worker,relay,janitor"])
            .args(["--set", "ops.listen=127.0.0.1:0"])
            .env_clear()
            .env("DATABASE_URL", &ground.database_url)
            .env("AMQP_URL", &ground.amqp_url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The database and the sample workflows, and a worker that consumes.
fn prepare(ground: &Ground) -> Worker {
    ground.waybill(&["migrate"]).ok();
    let samples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/workflows");
    let file = |name: &str| samples.join(name).display().to_string();
    let (purchase, invoice) = (file("purchase.toml"), file("invoice.toml"));
    ground
        .waybill(&["workflow", "apply", &purchase, &invoice])
        .ok();
    Worker::start(ground)
}

/// Asks until it succeeds, as whoever starts a worker has to.
fn patiently(ask: impl Fn() -> Answer) -> Answer {
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = ask();
        if answer.code == Some(0) || Instant::now() > until {
            return answer.ok();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The record of an order, once it stands at these stages.
fn standing(ground: &Ground, token: &str, stages: &[&str]) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = ground.waybill(&["get", token, "--json"]);
        let record: Value = serde_json::from_str(&answer.out).unwrap_or_default();
        let places = record.pointer("/order/stands_at").and_then(Value::as_array);
        let names = places.map(|p| p.iter().filter_map(|p| p.get("stage")).collect::<Vec<_>>());
        if names.is_some_and(|names| names == stages) && record.pointer("/opening/source").is_some()
        {
            return record;
        }
        assert!(Instant::now() < until, "not at {stages:?}: {record:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn push(ground: &Ground, arguments: &[&str]) {
    ground
        .waybill(&[&["push"], arguments].concat())
        .ok()
        .says("waybill get ");
}

/// Opens an order and answers with its token.
fn open_purchase(ground: &Ground) -> String {
    let form = ["--set", "article=chair", "--set", "amount=12.5"];
    let open = [&["open", "purchase"], form.as_slice()].concat();
    let opened = patiently(|| ground.waybill(&open)).complains("waybill get ");
    opened.out.trim().to_owned()
}

#[test]
fn an_order_is_opened_looked_at_and_pushed_to_its_end() {
    on_ground("ordering", async |ground| {
        let _worker = prepare(&ground);
        let token = &open_purchase(&ground);
        let record = standing(&ground, token, &["review"]);
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
            &ground,
            &[token, "--stage", "buy", "--set", "delivery=2026-12-01"],
        );
        let id = place["data_id"].as_str().unwrap();
        push(&ground, &[token, "--data-id", id, "--outcome", "accepted"]);
        standing(&ground, token, &["finance", "stock"]);
        push(&ground, &[token, "--stage", "stock"]);
        let record = standing(&ground, token, &["finance"]);
        let join = &record["order"]["joins"][0];
        assert_eq!(
            (&join["stage"], &join["missing"][0]),
            (&"buy".into(), &"finance".into())
        );
        assert_eq!(record["order"]["parked"]["stages"]["buy"], 1);
        ground
            .waybill(&["get", token])
            .ok()
            .says("stands at\n  finance  since ")
            .says("    field cost_centre: text, required\n")
            .says("joins that wait\n  buy: stock arrived, finance missing\n")
            .says("pushes that wait for their stage (1)\n  buy  1\n")
            .says("  amount            12.5\n");

        push(
            &ground,
            &[token, "--stage", "finance", "--set", "cost_centre=A7"],
        );
        ground.waybill(&["watch", token, "--timeout", "30s"]).ok();
        let record = standing(&ground, token, &[]);
        let order = &record["order"];
        assert_eq!(order["form"]["delivery"], "2026-12-01");
        assert_eq!(order["left"].as_array().unwrap().len(), 4);
        assert_eq!(order["parked"]["count"], 0);
    });
}

#[test]
fn an_order_shows_its_deadlines_and_its_attachments_in_its_tenant() {
    on_ground("tenants_order", async |ground| {
        let _worker = prepare(&ground);
        let open = [
            "open",
            "invoice",
            "--token",
            "R-7",
            "--tenant",
            "acme",
            "--attach",
            "scan.pdf",
            "--set",
            "scan=scan.pdf",
            "--set",
            "number=\"7\"",
            "--set",
            "total=80",
        ];
        let opened = patiently(|| ground.waybill(&open));
        assert_eq!(opened.out, "R-7\n");
        opened.complains("`waybill get R-7 --tenant acme`");
        let get = ["get", "R-7", "--tenant", "acme"];
        let until = Instant::now() + PATIENCE;
        while !ground.waybill(&get).out.contains("stands at") && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        ground
            .waybill(&get)
            .ok()
            .says(", then goes on with escalated\n")
            .says("outcome approved | escalated | rejected")
            .says("  number            \"7\"\n")
            .says("  attachments       scan.pdf\n");
    });
}

#[test]
fn the_sample_order_walks_to_its_end_and_its_loop_is_told() {
    on_ground("sampling", async |ground| {
        let _worker = prepare(&ground);
        let events = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/events");
        let file = events.join("order-done.jsonl").display().to_string();
        patiently(|| ground.waybill(&["publish", &file]));
        let watch = ["watch", "example-order", "--timeout", "30s"];
        ground.waybill(&watch).ok();
        let record = standing(&ground, "example-order", &[]);
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
fn what_can_be_seen_to_be_wrong_is_not_published() {
    on_ground("wrong_pushes", async |ground| {
        let refused = |arguments: &[&str], said: &str| {
            ground.waybill(arguments).failed(2).complains(said);
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
        refused(&["open", ""], "workflow_id");
        let long = "x".repeat(300);
        refused(&["open", "purchase", "--token", &long], "token");
        run(&["open", "purchase"], &[], "")
            .failed(2)
            .complains("broker.url");

        ground
            .waybill(&["open", "purchase"])
            .failed(1)
            .complains("waybill run");
        let connection = connection(&ground).await;
        waybill::broker::topology::declare(&connection, 1)
            .await
            .unwrap();
        let prefetch = ["--set", "broker.prefetch=100", "--set", "amount=1"];
        ground
            .waybill(&[&["open", "purchase"], &prefetch[..]].concat())
            .ok();
        assert_eq!(waiting(&connection).await, 1);
    });
}
