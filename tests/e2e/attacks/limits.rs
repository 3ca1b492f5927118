//! Using up what others need: look-ups of keys, connections, memory.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use waybill::domain::access::Scope;

use crate::http::processes::key;
use crate::support::client::{Client, served_by};
use crate::support::ground::Ground;

const LIST: &str = "/v1/processes";
/// Unfinished heads, and the bytes of each.
const HEADS: usize = 600;
const HEAD_BYTES: usize = 387 << 10;
/// What they may cost: a sixth of what they cost without a limit.
const GROWTH_MAX: i64 = 40 << 20;

/// Transactions of a database so far, as far as its statistics have been written.
async fn transactions(ground: &Ground) -> i64 {
    let all = "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()";
    ground.number(all).await
}

#[test]
fn many_good_keys_are_answered_at_their_first_use_behind_one_address() {
    served_by("attack-first-use", "api", &[], async |ground, client| {
        let mut requests = JoinSet::new();
        for _ in 0..60 {
            let (text, _) = key(&ground, "default", &[Scope::Read]).await;
            let client = client.with("authorization", &format!("Bearer {text}"));
            requests.spawn(async move { client.get(LIST).await.status });
        }
        let answers = requests.join_all().await;
        assert_eq!(answers, [200; 60]);
    });
}

#[test]
fn requests_without_a_key_and_with_wrong_ones_cost_the_database_next_to_nothing() {
    served_by("attack-guesses", "api", &[], async |ground, client| {
        let (text, _) = key(&ground, "default", &[Scope::Read]).await;
        let good = client.with("authorization", &format!("Bearer {text}"));
        assert_eq!(good.get(LIST).await.status, 200);
        let before = transactions(&ground).await;
        let started = std::time::Instant::now();
        for round in 0..15 {
            let mut requests = JoinSet::new();
            for number in 0..100 {
                let wrong = format!("Bearer wb_{number:012x}_{round:064x}");
                let guess = client.with("authorization", &wrong);
                let keyless = client.clone();
                requests.spawn(async move { keyless.get(LIST).await.status });
                requests.spawn(async move { guess.get(LIST).await.status });
            }
            for status in requests.join_all().await {
                assert!(status == 401 || status == 429, "{status}");
            }
            // It is known, so it is no guess.
            assert_eq!(good.get(LIST).await.status, 200);
        }
        let spent = transactions(&ground).await - before;
        // Twenty guesses and the polls of a second, and what is under way at a time.
        let seconds = i64::try_from(started.elapsed().as_secs()).expect("few") + 1;
        assert!(
            spent < 100 + seconds * 60,
            "{spent} transactions in {seconds} s"
        );
    });
}

#[test]
fn unfinished_heads_cost_little_memory_and_no_other_client_waits_for_them() {
    Ground::test("attack-heads", async |ground| {
        let (worker, client) = ground.answering_as("api").await;
        let memory = async || worker.metric("process_resident_memory_bytes", "").await;
        let before = memory().await;
        let mut sending = JoinSet::new();
        for _ in 0..HEADS {
            let client = client.clone();
            sending.spawn(async move { unfinished(&client).await });
        }
        let refused = sending.join_all().await;
        assert_eq!(client.get(LIST).await.status, 200);
        let growth = memory().await - before;
        assert!(growth < GROWTH_MAX, "it grew by {} MiB", growth >> 20);
        assert!(
            refused
                .iter()
                .all(|answer| answer.starts_with("HTTP/1.1 431"))
        );
        worker.stop().await;
    });
}

/// Sends most of a head and returns what comes back.
async fn unfinished(client: &Client) -> String {
    let mut stream = client.connect().await;
    let head = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nx: {}",
        "x".repeat(HEAD_BYTES)
    );
    // The server hangs up before it has read all of it.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}
