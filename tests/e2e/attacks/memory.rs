//! Filling the memory of the listener, which the operating system limits to what its manifest says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use waybill::domain::access::Scope;

use super::fair_shares::{half_sent, status};
use crate::http::processes::keyed;
use crate::support::client::Client;
use crate::support::ground::Ground;

/// As in `deploy/kubernetes/api.yaml`.
const LIMIT: u64 = 512 << 20;
const POST: &str = "POST /v1/events HTTP/1.1\r\ncontent-type: application/json";
const BOTH: [Scope; 2] = [Scope::Read, Scope::Write];

/// A valid list of events of nearly 8 MiB that consists of many small parts.
fn many_parts() -> String {
    let items: Vec<Value> = (0..1_000)
        .map(|number| json!({"identifier": number.to_string(), "ok": true}))
        .collect();
    let event = |number: usize| {
        let token = format!("m-{number}");
        json!({"id": token, "source": "shop", "type": "upload.items", "token": token, "data": {"items": items}})
    };
    let events: Vec<String> = (0..150).map(|number| event(number).to_string()).collect();
    format!("[{}]", events.join(","))
}

/// Opens as many of each as the listener lets it, and keeps them.
async fn hold(client: &Client) -> Vec<TcpStream> {
    let mut open = Vec::new();
    let filling = " ".repeat((8 << 20) - 1);
    for _ in 0..12 {
        open.push(half_sent(client, POST, 8 << 20, &filling).await);
    }
    for _ in 0..256 {
        open.push(client.begin("/v1/events/stream".to_owned()).await);
    }
    let head = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nx: {}",
        "x".repeat(30 << 10)
    );
    for _ in 0..1_000 {
        let mut stream = client.connect().await;
        // It may be refused meanwhile.
        let _ = stream.write_all(head.as_bytes()).await;
        open.push(stream);
    }
    open
}

#[test]
fn a_hostile_tenant_neither_exhausts_the_memory_nor_stops_another_one() {
    Ground::test("attack-memory", async |ground| {
        let (plan, client) = ground.api_plan().await;
        let consumer = ground.plan().roles("worker").start().await;
        let mut api = plan.roles("api").within(LIMIT).start().await;
        let hostile = keyed(&ground, &client, "hostile", &BOTH).await.0;
        let other = keyed(&ground, &client, "other", &BOTH).await.0;
        let open = hold(&hostile).await;
        let done = Arc::new(AtomicBool::new(false));
        let mut flood = JoinSet::new();
        let body = Arc::new(many_parts());
        for _ in 0..8 {
            let (hostile, body, done) = (hostile.clone(), Arc::clone(&body), Arc::clone(&done));
            flood.spawn(async move {
                let mut refused = 0;
                while !done.load(Ordering::Relaxed) {
                    let mut stream = half_sent(&hostile, POST, body.len(), &body).await;
                    refused += usize::from(status(&mut stream).await.contains(" 503 "));
                }
                refused
            });
        }
        for number in 0..40 {
            let token = format!("o-{number}");
            let event = json!([{"id": token, "source": "shop", "type": "upload.received", "token": token, "data": {}}]);
            let posted = other.post("/v1/events", event).await;
            assert_eq!(posted.status, 202, "{}", posted.body());
            let listed = other.get("/v1/processes?limit=100").await;
            assert_eq!(listed.status, 200, "{}", listed.body());
        }
        done.store(true, Ordering::Relaxed);
        let refused: usize = flood.join_all().await.into_iter().sum();
        assert!(refused > 0, "its budget was never full");
        assert!(!api.is_gone(), "{}", api.log_text());
        drop(open);
        api.stop().await;
        consumer.stop().await;
    });
}
