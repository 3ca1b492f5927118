//! Taking all of what tenants share: streams, uploads, memory, forms, wake-ups.

use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use waybill::domain::access::Scope;

use crate::http::processes::keyed;
use crate::support::client::{Client, EventStream, served};
use crate::support::ground::{Ground, Session, holds, until};
use crate::support::multipart::{PDF, part};
use crate::support::omflow_client::{Encoding, with_omflow};

const STREAM: &str = "/v1/events/stream";
const BOTH: [Scope; 2] = [Scope::Read, Scope::Write];

/// A hostile tenant and another one.
async fn tenants(ground: &Ground, client: &Client) -> [Client; 2] {
    [
        keyed(ground, client, "hostile", &BOTH).await.0,
        keyed(ground, client, "other", &BOTH).await.0,
    ]
}

fn opening(token: &str) -> Value {
    json!([{"id": token, "source": "shop", "type": "upload.received", "token": token, "data": {}}])
}

/// Begins a request with a body of that length and sends this much of it.
pub(super) async fn half_sent(
    client: &Client,
    head: &str,
    length: usize,
    begin: &str,
) -> TcpStream {
    let mut stream = client.connect().await;
    let head = client.head(&format!("{head}\r\ncontent-length: {length}"));
    stream.write_all(head.as_bytes()).await.expect("it listens");
    // It may be refused before all of it is sent.
    let _ = stream.write_all(begin.as_bytes()).await;
    stream
}

/// The first line of the answer; empty if the connection is closed without one.
pub(super) async fn status(stream: &mut TcpStream) -> String {
    let mut line = String::new();
    let mut lines = BufReader::new(stream);
    let read = timeout(Duration::from_secs(60), lines.read_line(&mut line)).await;
    let _ = read.expect("an answer or an end");
    line
}

#[test]
fn streams_of_one_tenant_leave_streams_and_posts_to_others() {
    served("attack-streams", async |ground, client| {
        let [hostile, other] = tenants(&ground, &client).await;
        let mut open = Vec::new();
        let mut refused = 0;
        for _ in 0..256 {
            let mut stream = hostile.begin(STREAM.to_owned()).await;
            match status(&mut stream).await.contains(" 200 ") {
                true => open.push(stream),
                false => refused += 1,
            }
        }
        assert_eq!((open.len(), refused), (192, 64));
        let mut stream = other.stream(STREAM).await;
        let posted = other.post("/v1/events", opening("t-1")).await;
        assert_eq!(posted.status, 202, "{}", posted.body());
        assert_eq!(stream.next().await.1["token"], "t-1");
    });
}

#[test]
fn slow_uploads_of_one_tenant_leave_uploads_to_others() {
    served("attack-uploads", async |ground, client| {
        let [hostile, other] = tenants(&ground, &client).await;
        let head = "POST /v1/uploads HTTP/1.1\r\ncontent-type: multipart/form-data; boundary=b";
        let begin = format!(
            "--b\r\ncontent-disposition: form-data; name=\"f\"; filename=\"f.pdf\"\r\n\r\n{PDF}"
        );
        let mut slow = Vec::new();
        for _ in 0..32 {
            slow.push(half_sent(&hostile, head, 1 << 20, &begin).await);
        }
        // The others hold three quarters of the places.
        let answers: FuturesUnordered<_> = slow.iter_mut().map(status).collect();
        let refused: Vec<_> = answers.take(8).collect().await;
        assert!(refused.iter().all(|line| line.contains(" 503 ")));
        let file = [part("files", Some("a.pdf"), PDF)];
        assert_eq!(hostile.upload("/v1/uploads", &file).await.status, 503);
        let uploaded = other.upload("/v1/uploads", &file).await;
        assert_eq!(uploaded.status, 202, "{}", uploaded.body());
    });
}

#[test]
fn bodies_of_one_tenant_leave_memory_to_others() {
    served("attack-bodies", async |ground, client| {
        let [hostile, other] = tenants(&ground, &client).await;
        let head = "POST /v1/events HTTP/1.1\r\ncontent-type: application/json";
        let length = 8 << 20;
        let most = " ".repeat(length - 1);
        let mut slow = Vec::new();
        for _ in 0..12 {
            slow.push(half_sent(&hostile, head, length, &most).await);
        }
        holds("the hostile tenant has its share", async || {
            let mut one_more = half_sent(&hostile, head, length, &most).await;
            timeout(Duration::from_secs(1), status(&mut one_more))
                .await
                .is_ok_and(|line| line.contains(" 503 "))
        })
        .await;
        let posted = other.post("/v1/events", opening("t-1")).await;
        assert_eq!(posted.status, 202, "{}", posted.body());
    });
}

#[test]
fn half_sent_forms_without_a_code_close_nothing_for_forms_with_one() {
    with_omflow("attack-forms", async |_, omflow| {
        let path = "POST /omflow/rest/flowmanage/api/omdata/edit/leave HTTP/1.1\r\ncontent-type: ";
        let field = "--b\r\ncontent-disposition: form-data; name=\"formdata\"\r\n\r\n";
        let filling = "x".repeat(1 << 20);
        let mut kept = Vec::new();
        for (encoding, begin) in [
            (
                "application/x-www-form-urlencoded",
                "action=create&formdata=",
            ),
            ("application/json", "{\"formdata\": \""),
            ("multipart/form-data; boundary=b", field),
        ] {
            let head = [path, encoding].concat();
            let begin = [begin, &filling].concat();
            for _ in 0..40 {
                kept.push(half_sent(&omflow.client, &head, 2 << 20, &begin).await);
            }
        }
        // An address has a share of the memory for them: others are refused at once.
        let mut refused = kept.pop().expect("the last one");
        assert!(status(&mut refused).await.contains(" 200 "));
        // Of JSON the code comes last here, as of clients that sort the fields; it is short.
        let formdata = json!([{"id": "FORMITM_1", "value": "x"}]);
        for encoding in [Encoding::Form, Encoding::Json, Encoding::Multipart] {
            omflow.open("leave", &formdata, encoding).await;
        }
        let long = json!([{"id": "FORMITM_1", "value": "x".repeat(20_000)}]);
        for encoding in [Encoding::Form, Encoding::Multipart] {
            omflow.open("leave", &long, encoding).await;
        }
    });
}

#[test]
fn a_stream_is_woken_by_events_of_its_own_tenant_alone() {
    served("attack-wake-ups", async |ground, client| {
        let [hostile, other] = tenants(&ground, &client).await;
        let mut streams: Vec<EventStream> = Vec::new();
        for _ in 0..50 {
            streams.push(other.stream(STREAM).await);
        }
        let reads = async || {
            let all = "select coalesce(sum(calls), 0)::bigint from (
                           select idx_scan as calls from pg_stat_user_tables
                           where relname = 'tenant_horizon') s";
            ground.number(all).await
        };
        let before = reads().await;
        for number in 0..20 {
            hostile.applies(opening(&format!("h-{number}"))).await;
        }
        other.applies(opening("o-1")).await;
        for stream in &mut streams {
            assert_eq!(stream.next().await.1["token"], "o-1");
        }
        let spent = reads().await - before;
        // A page takes five scans, and each stream has read two; woken by the others too, it would have
        // read twenty more.
        assert!(spent < 50 * 20, "{spent} scans");
    });
}

#[test]
fn a_tenant_rests_after_a_past_state_that_took_long_while_another_one_is_active() {
    served("attack-past-states", async |ground, client| {
        let [hostile, other] = tenants(&ground, &client).await;
        hostile.applies(opening("h-1")).await;
        other.applies(opening("o-1")).await;
        let cursor = until("the event is in the feed", async || {
            let page = hostile.get("/v1/events").await.record();
            page["events"][0]["cursor"].as_str().map(str::to_owned)
        })
        .await;
        let past = json!({"requests": [{"token": "h-1", "as_of": cursor}]});
        let session = Session::open(&ground.database_url).await;
        let lock = "begin; lock table waybill.process in access exclusive mode";
        session.execute(lock).await;
        let slow = hostile.post("/v1/processes/batch", &past);
        let release = async {
            let waiting = "select count(*) from pg_locks join pg_database on oid = database
                           where not granted and datname = current_database()
                             and relation = 'waybill.process'::regclass";
            holds("the past state waits for the table", async || {
                ground.number(waiting).await > 0
            })
            .await;
            session.execute("select pg_sleep(0.3); commit").await;
        };
        let (slow, ()) = tokio::join!(slow, release);
        assert_eq!(slow.status, 200, "{}", slow.body());
        let began = Instant::now();
        let next = hostile.post("/v1/processes/batch", &past).await;
        assert_eq!(next.status, 200, "{}", next.body());
        // The longest rest is a second; a part of it may have passed before the first answer came.
        assert!(began.elapsed() >= Duration::from_millis(500));
    });
}
