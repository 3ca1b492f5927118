//! Hostile HTTP clients: memory stays bounded, and other clients are answered.

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::client::Client;
use crate::support::scenario::Scenario;
use crate::support::story::{stories, story};

/// Of each kind.
const CLIENTS: usize = 60;
/// The most that memory may grow by: less than buffers for all of them would need.
const GROWTH_MAX: i64 = 96 << 20;

#[test]
fn readers_that_never_read_and_senders_that_never_end_cost_little_memory() {
    Scenario::test("hostile-http", async |mut scenario| {
        let (worker, client) = scenario.ground.answering().await;
        scenario.events(&stories("before", 10)).await;
        scenario.until_idle().await;
        let memory = async || worker.metric("process_resident_memory_bytes", "").await;
        let before = memory().await;

        let mut connections = Vec::new();
        for _ in 0..CLIENTS {
            connections.push(
                client
                    .begin("/v1/events/stream?limit=1000".to_owned())
                    .await,
            );
            connections
                .push(begun(&client, "POST /v1/events", 8 << 20, &vec![b' '; 64 << 10]).await);
            connections.push(begun(&client, "POST /v1/uploads", 1 << 40, b"--x\r\n").await);
            connections.push(begun(&client, "GET /v1/processes/x", 0, b"never: end").await);
        }
        // Half a gigabyte for sixty readers, if it were buffered for them.
        let mut many = Vec::new();
        for number in 0..400 {
            let mut events = story("large", number);
            for event in &mut events {
                event.data["padding"] = "x".repeat(4_000).into();
            }
            many.extend(events);
        }
        scenario.events(&many).await;
        scenario.until_idle().await;
        let reply = client.get("/v1/processes?limit=1").await;
        assert_eq!(reply.status, 200, "others are answered meanwhile");
        let growth = memory().await - before;
        assert!(growth < GROWTH_MAX, "it grew by {} MiB", growth >> 20);
        drop(connections);
        scenario.finish(vec![worker]).await;
    });
}

/// A request that begins and does not end.
async fn begun(client: &Client, line: &str, length: u64, start: &[u8]) -> TcpStream {
    let mut stream = client.connect().await;
    let head = format!(
        "{line} HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=x\r\n\
         content-length: {length}\r\n"
    );
    let end: &[u8] = if length > 0 { b"\r\n" } else { b"" };
    for part in [head.as_bytes(), end, start] {
        stream.write_all(part).await.expect("it listens");
    }
    stream
}
