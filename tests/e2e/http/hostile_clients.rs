//! Clients over HTTP that do harm: the memory stays bounded, and the worker does not feel them.

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::client::Client;
use crate::support::ground::run;
use crate::support::scenario::Trial;
use crate::support::story::{stories, story};

/// Of each kind.
const CLIENTS: usize = 60;
/// What the program may grow by: less than what would be held for all of them together.
const GROWTH_MAX: i64 = 96 << 20;

#[test]
fn readers_that_never_read_and_senders_that_never_end_cost_little_and_slow_nobody() {
    run(async {
        let mut trial = Trial::shared("hostile-http").await;
        let (worker, client) = trial.ground.answering().await;
        trial.events(&stories("before", 10)).await;
        trial.rest().await;
        let memory = async || worker.metric("process_resident_memory_bytes", "").await;
        let before = memory().await;

        let mut held = Vec::new();
        for _ in 0..CLIENTS {
            held.push(
                client
                    .begin("/v1/events/stream?limit=1000".to_owned())
                    .await,
            );
            held.push(begun(&client, "POST /v1/events", 8 << 20, &vec![b' '; 64 << 10]).await);
            held.push(begun(&client, "POST /v1/uploads", 1 << 40, b"--x\r\n").await);
            held.push(begun(&client, "GET /v1/processes/x", 0, b"never: end").await);
        }
        // Half a gigabyte for sixty readers, if it were kept for them.
        let mut many = Vec::new();
        for number in 0..400 {
            let mut told = story("large", number);
            for event in &mut told {
                event.data["padding"] = "x".repeat(4_000).into();
            }
            many.extend(told);
        }
        trial.events(&many).await;
        trial.rest().await;
        let reply = client.get("/v1/processes?limit=1").await;
        assert_eq!(reply.status, 200, "others are answered meanwhile");
        let growth = memory().await - before;
        assert!(growth < GROWTH_MAX, "it grew by {} MiB", growth >> 20);
        drop(held);
        trial.conclude(vec![worker]).await;
    });
}

/// A request that begins, and stays so.
async fn begun(client: &Client, line: &str, length: u64, start: &[u8]) -> TcpStream {
    let mut stream = client.connect().await;
    let head = format!(
        "{line} HTTP/1.1\r\nhost: e2e\r\ncontent-type: multipart/form-data; boundary=x\r\n\
         content-length: {length}\r\n"
    );
    let end: &[u8] = if length > 0 { b"\r\n" } else { b"" };
    for part in [head.as_bytes(), end, start] {
        stream.write_all(part).await.expect("it listens");
    }
    stream
}
