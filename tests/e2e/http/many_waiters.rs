//! Very many waiting requests at once.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::net::TcpStream;

use crate::support::client::ROLES;
use crate::support::ground::until;
use crate::support::scenario::Scenario;
use crate::support::story::{TOKEN_MARK, stories};

/// The number of waiting requests: all arrive well before the first one times out, also on a busy
/// machine. Ten thousand of them cost the same.
const CROWD: usize = 3_000;
/// The number of different processes.
const PROCESSES: usize = 1_500;
/// Connections opened at the same time: the system's backlog may be no larger.
const AT_ONCE: usize = 64;
/// Transactions in two seconds: twenty polls for all requests, and what the worker itself does.
const COMMITS_MAX: i64 = 100;

#[test]
fn thousands_of_waiting_requests_cost_the_database_one_query_at_a_time() {
    Scenario::test("crowd", async |mut scenario| {
        let limit = rlimit::increase_nofile_limit(u64::MAX).expect("more open files");
        assert!(limit > 4_000, "this machine allows {limit} open files");
        let unlimited = ["http.requests_per_second=1000000"];
        let (worker, client) = scenario.ground.answering_with(ROLES, &unlimited).await;
        let patient = client.with("prefer", "wait=60");
        let crowd = stream::iter(0..CROWD).map(|n| {
            let path = format!("/v1/processes/{TOKEN_MARK}-crowd-{}", n % PROCESSES);
            patient.begin(path)
        });
        let crowd: Vec<TcpStream> = crowd.buffer_unordered(AT_ONCE).collect().await;
        // Each is looked up once when it arrives; then one query serves all of them.
        let commits = "select xact_commit from pg_stat_database where datname = current_database()";
        let calm = async || {
            let before = scenario.ground.number(commits).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            let after = scenario.ground.number(commits).await;
            (after - before < COMMITS_MAX).then_some(())
        };
        until("a database with few queries", calm).await;

        scenario.events(&stories("crowd", 10)).await;
        let mut answered = 0;
        let answers = async || {
            let mut start = [0; 1_024];
            for stream in &crowd {
                if stream.try_read(&mut start).is_ok_and(|count| count > 0) {
                    assert!(start.starts_with(b"HTTP/1.1 200 OK"), "an end is an answer");
                    answered += 1;
                }
            }
            // Ten processes have ended, and two wait for each.
            (answered == 20).then_some(())
        };
        until("those whose processes have ended", answers).await;
        drop(crowd);
        scenario.finish(vec![worker]).await;
    });
}
