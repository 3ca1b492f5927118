//! A scene with sample data: uploads and orders in every state, dead letters, and an hour of
//! samples.

use serde_json::{Value, json};
use waybill::telemetry::names::SECONDS;

use super::scene::Scene;
use crate::support::order_story::apply;
use crate::support::producer::Message;
use crate::support::recorder::Recorder;

const PURCHASE: &str = include_str!("../../../../examples/workflows/purchase.toml");
/// Sixty minutes of one program, a sample each ten seconds.
const HOUR: &str = "
    insert into waybill.sample
    select gen_random_uuid(), n, now() - n * interval '10 s', 10,
           rate, rate - 4, n % 3, (n % 40 = 0)::int, (n % 90 = 0)::int,
           rate / 5, rate / 40, (n % 25 = 0)::int, (n % 60 = 0)::int,
           real.bounds,
           array(select (rate * exp(-abs(place - 5 - sin(n / 50.0)) * 1.6))::bigint
                 from generate_series(1, cardinality(real.bounds) + 1) place),
           greatest(0, 40 * sin(n / 30.0) + 5 * sin(n * 1.3))::bigint, rate / 90, 4, 1,
           30 + (20 * sin(n / 70.0))::int, 12
    from generate_series(2, 359) n,
         lateral (select (900 + 500 * sin(n / 45.0) + 150 * sin(n * 0.7) + 60 * sin(n * 2.9))::bigint
                  as rate) r,
         (select array{bounds}::float8[] as bounds) real";

impl Scene {
    /// A scene with all of it.
    pub(crate) async fn with_sample_data(name: &str) -> Self {
        let mut scene = Self::set(name).await;
        scene.source = "mail-room";
        scene.recorder = Some(Recorder::of_completions(&scene.ground).await);
        apply(&scene.ground, "purchase", PURCHASE).await;
        scene.dead_letters().await;
        scene.uploads().await;
        scene.orders().await;
        scene.hour().await;
        scene
    }

    /// An hour of samples.
    pub(crate) async fn hour(&self) {
        let hour = HOUR.replace("{bounds}", &format!("{SECONDS:?}"));
        self.ground.execute(&hour).await;
    }

    async fn dead_letters(&mut self) {
        let bad = |id: &str, body: Value| Message::bad(id, body.to_string().as_bytes(), "");
        let time = super::scene::before(300);
        let step = |id: &str, token: &str, type_: &str, data: Value| {
            let source = "mail-room";
            bad(
                id,
                json!({ "id": id, "source": source, "type": type_, "token": token, "time": time, "data": data }),
            )
        };
        let dead_letters = vec![
            Message::bad(
                "torn-1",
                br#"{"id":"torn-1","source":"mail-room","type":"upload.st"#,
                "",
            ),
            step("odd-1", "scan-0815", "upload.teleported", json!({})),
            step(
                "odd-2",
                "scan-0815",
                "upload.items",
                json!({ "items": [{ "identifier": "page-1", "ok": "maybe" }] }),
            ),
            step(
                "odd-3",
                "scan-0816",
                "upload.progress",
                json!({ "done": -1 }),
            ),
        ];
        self.producer.publish(dead_letters).await;
    }

    async fn uploads(&mut self) {
        self.upload("scan-0811", "annual-report-2026.pdf", 900, 12)
            .await;
        self.items("scan-0811", 880, 12, &[]).await;
        self.publish_ago("scan-0811", "upload.completed", 876, json!({ "total": 12 }))
            .await;

        self.upload("scan-0812", "contract-2026-118.pdf", 620, 5)
            .await;
        self.step(
            "scan-0812",
            618,
            ["scan", "5 pages in colour, 300 dpi", "done"],
        )
        .await;
        self.step("scan-0812", 611, ["text", "recognising text", "running"])
            .await;
        self.items("scan-0812", 607, 5, &[3]).await;
        self.step("scan-0812", 606, ["text", "page 3 is blank", "error"])
            .await;
        self.publish_ago("scan-0812", "upload.completed", 605, json!({ "total": 5 }))
            .await;

        self.upload("scan-0813", "delivery-notes.pdf", 400, 40)
            .await;
        self.items("scan-0813", 395, 7, &[]).await;
        let failed = json!({ "message": "the file ends in the middle of page 8", "code": "torn" });
        self.publish_ago("scan-0813", "upload.failed", 394, failed)
            .await;

        self.upload("scan-0814", "application-sent-twice.pdf", 300, 2)
            .await;
        let reason = json!({ "reason": "it was sent twice" });
        self.publish_ago("scan-0814", "upload.cancelled", 290, reason)
            .await;

        self.upload("scan-0815", "invoices-of-november.zip", 240, 1_000)
            .await;
        self.publish_ago("scan-0815", "upload.progress", 20, json!({ "done": 412 }))
            .await;
        self.step(
            "scan-0815",
            5,
            ["text", "invoice 413 of 1,000 is being read", "running"],
        )
        .await;
        self.step(
            "scan-0816",
            3,
            ["scan", "received before its opening", "running"],
        )
        .await;
    }

    async fn orders(&mut self) {
        for (token, article, amount) in [
            ("order-511", "Desk lamps", 240),
            ("order-512", "Chairs", 1_180),
        ] {
            let form = json!({ "article": article, "amount": amount, "urgency": "normal" });
            let opening = json!({ "workflow_id": "purchase", "form": form, "group": "autumn" });
            self.publish_ago(token, "order.opened", 200, opening).await;
            let push = json!({ "stage": "review", "outcome": "accepted", "form": { "comment": "go ahead" } });
            self.publish_ago(token, "order.pushed", 150, push).await;
        }
        let push = json!({ "stage": "finance", "form": { "cost_centre": "A7" } });
        self.publish_ago("order-512", "order.pushed", 60, push)
            .await;
        let step =
            json!({ "name": "stock", "message": "12 of 24 are on the shelf", "state": "running" });
        self.publish_ago("order-512", "order.step", 30, step).await;
        let opening =
            json!({ "workflow_id": "purchase", "form": { "article": "Ink", "amount": 30 } });
        self.publish_ago("order-513", "order.opened", 40, opening)
            .await;
        let push = json!({ "stage": "review", "outcome": "refused" });
        self.publish_ago("order-513", "order.pushed", 10, push)
            .await;
    }

    async fn upload(&mut self, token: &str, filename: &str, ago: i64, total: usize) {
        let data = json!({ "filename": filename, "module": "scanner", "total": total, "group": "mail room" });
        self.publish_ago(token, "upload.received", ago, data).await;
    }

    async fn items(&mut self, token: &str, ago: i64, count: usize, failed: &[usize]) {
        let item = |n: usize| match failed.contains(&n) {
            true => {
                json!({ "identifier": format!("page-{n}"), "ok": false, "messages": ["nothing is on it"] })
            }
            false => {
                json!({ "identifier": format!("page-{n}"), "ok": true, "document_id": format!("D-{}", 4_700 + n) })
            }
        };
        let items: Vec<_> = (1..=count).map(item).collect();
        self.publish_ago(token, "upload.items", ago, json!({ "items": items }))
            .await;
    }

    async fn step(&mut self, token: &str, ago: i64, [name, message, state]: [&str; 3]) {
        let data = json!({ "name": name, "message": message, "state": state });
        self.publish_ago(token, "upload.step", ago, data).await;
    }
}
