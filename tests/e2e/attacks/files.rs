//! Changing what others have stored, and leaving files that belong to nothing.

use std::path::PathBuf;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use waybill::domain::access::Scope;

use crate::http::processes::keyed;
use crate::http::uploads::{files_below, upload};
use crate::support::client::{Client, served_by};
use crate::support::ground::{Ground, holds, reaches};
use crate::support::multipart::{PDF, part};
use crate::support::omflow_client::{Omflow, leave};

const ROLES: &str = "worker,relay,api,janitor";
const SOON: [&str; 1] = ["janitor.interval=50ms"];
/// Ends a part, and the form.
const END: &str = "\r\n--e2e-boundary--\r\n";

fn file(text: &str) -> String {
    part("file", Some("a.pdf"), &format!("{PDF}{text}"))
}

/// Where the objects are.
fn folder(ground: &Ground) -> PathBuf {
    ground.folder.join("files")
}

/// Begins an upload that stays open: without the end of its only file.
async fn begun(client: &Client, text: &str) -> TcpStream {
    let mut stream = client.connect().await;
    let start = file(text);
    let start = start.trim_end();
    let head = format!(
        "POST /v1/uploads HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nidempotency-key: scan\r\n\
         prefer: wait=60\r\ncontent-type: multipart/form-data; boundary=e2e-boundary\r\n\
         content-length: {}\r\n\r\n{start}",
        start.len() + END.len()
    );
    stream.write_all(head.as_bytes()).await.expect("it listens");
    stream
}

/// Ends it; returns the answer.
async fn ended(mut stream: TcpStream) -> String {
    stream.write_all(END.as_bytes()).await.expect("it listens");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[test]
fn a_late_writer_under_the_same_key_changes_nothing_of_what_is_stored() {
    served_by(
        "attack-late-writer",
        ROLES,
        &SOON,
        async |ground, client| {
            // Longer than what is read for the media type, so that they have begun to write.
            let long = |text: &str| text.repeat(20_000);
            let late = begun(&client, &long("late")).await;
            let same = begun(&client, &long("early")).await;
            reaches(&ground, "file where size is null", 2).await;
            let keyed = client
                .with("idempotency-key", "scan")
                .with("prefer", "wait=60");
            let early = upload(&keyed, &[file(&long("early"))]).await.record();

            let refused = ended(late).await;
            assert!(refused.contains(" 422 "), "{refused}");
            assert!(refused.contains("idempotency_key_reused"), "{refused}");
            let again = ended(same).await;
            assert!(again.contains(" 200 "), "{again}");
            let (_, again) = again.split_once("\r\n\r\n").expect("a body");
            let again: Value = serde_json::from_str(again).expect("JSON");
            assert_eq!(again, early);

            let uri = early["uploads"][0]["file"]["uri"].as_str().expect("a path");
            let whole = client.get(uri).await;
            assert_eq!(whole.body(), format!("{PDF}{}", long("early")));
            assert_eq!(files_below(&folder(&ground)), 1);
            assert_eq!(ground.count("file").await, 1);
        },
    );
}

#[test]
fn a_file_changed_in_its_store_is_never_sent_as_a_whole() {
    Ground::test("attack-changed", async |ground| {
        let (worker, client) = ground.answering_with(ROLES, &SOON).await;
        let patient = client.with("prefer", "wait=60");
        for (number, size) in [(1, 5), (2, 500_000)] {
            let stored = upload(&patient, &[file(&"x".repeat(size))]).await.record();
            let uri = stored["uploads"][0]["file"]["uri"]
                .as_str()
                .expect("a path");
            let object =
                "select process || '/' || object from waybill.file order by created_at desc";
            let object = folder(&ground).join(ground.texts(object).await.swap_remove(0));
            let whole = format!("{PDF}{}", "x".repeat(size));
            assert_eq!(client.get(uri).await.body(), whole);

            let changed = format!("{}y", &whole[..whole.len() - 1]);
            std::fs::write(&object, changed).expect("it is a file");
            let mut answer = Vec::new();
            // The server closes the connection: as an end, or as an error.
            let mut stream = client.begin(uri.to_owned()).await;
            let _ = stream.read_to_end(&mut answer).await;
            let answer = String::from_utf8_lossy(&answer);
            assert!(!answer.ends_with('y'), "{} bytes", answer.len());
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            assert!(body.len() < whole.len(), "{} bytes", body.len());
            worker
                .counts("waybill_files_changed_total", "", number)
                .await;
            std::fs::write(&object, &whole).expect("it is a file");
            assert_eq!(client.get(uri).await.body(), whole);
        }
        worker.stop().await;
    });
}

#[test]
fn what_a_refused_request_stored_is_removed_and_what_an_accepted_event_names_is_not() {
    served_by("attack-refused", ROLES, &SOON, async |ground, client| {
        let keyed = client
            .with("idempotency-key", "scan")
            .with("prefer", "wait=60");
        let wrong = part("attributes", None, "{");
        let faulty = part("documents", None, "\"many\"");
        for parts in [vec![file("a"), wrong], vec![file("a"), faulty]] {
            let status = upload(&client, &parts).await.status;
            assert!(status == 400 || status == 422, "{status}");
            reaches(&ground, "file", 0).await;
            assert_eq!(files_below(&folder(&ground)), 0);
        }
        upload(&keyed, &[file("a")]).await.record();
        // The same file, named by an event already, and then something wrong.
        let odd = part("colour", None, "red");
        upload(&keyed, &[file("a"), odd])
            .await
            .problem(400, "invalid_body");
        // And one that a worker refuses: the same identity with other data.
        let other = part("module", None, "other");
        upload(&keyed, &[file("a"), other]).await.record();
        reaches(&ground, "dead_letter where reason = 'identity_conflict'", 1).await;
        holds("nothing to be due", async || {
            ground.count("file where due_at < now()").await == 0
        })
        .await;
        assert_eq!(files_below(&folder(&ground)), 1);
    });
}

#[test]
fn what_an_order_stored_that_a_replay_can_still_apply_is_kept_for_it() {
    served_by("attack-unopened", ROLES, &SOON, async |ground, client| {
        leave(&ground).await;
        let omflow = Omflow::new(&ground, &client, "default").await;
        // What the API accepts, no worker can write.
        let lock = "create function waybill.refuse() returns trigger language plpgsql as
                    $$ begin raise exception using errcode = '22000'; end $$;
                    create trigger refuse before insert on waybill.stage
                    for each row execute function waybill.refuse()";
        ground.execute(lock).await;
        let parts = [
            part("security", None, &omflow.security),
            part("action", None, "create"),
            part("formdata", None, "[]"),
            part("files", Some("a.txt"), "text"),
        ];
        let path = "/omflow/rest/flowmanage/api/omdata/edit/leave/";
        let answer = client.upload(path, &parts).await;
        assert!(
            answer.body().contains("Order opening failed."),
            "{}",
            answer.body()
        );
        reaches(
            &ground,
            "dead_letter where reason = 'refused_by_database'",
            1,
        )
        .await;
        ground.execute("drop trigger refuse on waybill.stage").await;
        ground
            .waybill(&["dead", "replay", "--reason", "refused_by_database"])
            .ok();
        reaches(&ground, "stage where left_at is null", 2).await;
        assert_eq!(files_below(&folder(&ground)), 1);
        let uri = "select '/v1/processes/' || p.token || '/files/' || f.id
                   from waybill.process p join waybill.file f on f.process = p.key";
        let uri = ground.texts(uri).await.pop().expect("the file");
        assert_eq!(
            keyed(&ground, &client, "default", &[Scope::Read])
                .await
                .0
                .get(&uri)
                .await
                .body(),
            "text"
        );
    });
}
