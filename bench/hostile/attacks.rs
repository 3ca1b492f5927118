//! What a tenant with one key does to take the listener from the others.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use waybill::domain::ProcessKey;

use crate::ground::{Field, execute};
use crate::reads::client::Client;

/// The events of the log that is merged again and again.
const LOG: u32 = 8_900;
const ASKERS: u32 = 8;
const POSTERS: u32 = 4;
const STREAMS: u32 = 256;
const UPLOADS: u32 = 32;
const FORMS: u32 = 40;
const HEADS: u32 = 600;

const UPLOAD: &str = "POST /v1/uploads HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\
                      content-type: multipart/form-data; boundary=b\r\n";
const FORM: &str = "POST /omflow/rest/flowmanage/api/omdata/edit/leave HTTP/1.1\r\nhost: localhost\r\n\
                    content-length: 2000000\r\ncontent-type: application/x-www-form-urlencoded\r\n";

/// Attacks under way.
pub(super) struct Attacks {
    done: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    loops: JoinSet<()>,
    open: Vec<TcpStream>,
}

/// A kind of attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attack {
    /// Past states of a process with a long log.
    Past,
    /// Lists of events.
    Lists,
    /// Keys that don't exist.
    Guesses,
    /// Requests that are never finished, and streams.
    Unfinished,
}

/// Begins these.
pub(super) async fn begin(
    kinds: &[Attack],
    field: &Field,
    address: SocketAddr,
    key: &str,
) -> anyhow::Result<Attacks> {
    let mut attacks = Attacks {
        done: Arc::default(),
        answered: Arc::default(),
        loops: JoinSet::new(),
        open: Vec::new(),
    };
    for kind in kinds {
        match kind {
            Attack::Past => attacks.request_past_states(field, address, key).await?,
            Attack::Lists => attacks.send_lists(address, key),
            Attack::Guesses => attacks.guess_keys(address),
            Attack::Unfinished => attacks.open = open(address, key).await?,
        }
    }
    Ok(attacks)
}

impl Attacks {
    async fn request_past_states(
        &mut self,
        field: &Field,
        address: SocketAddr,
        key: &str,
    ) -> anyhow::Result<()> {
        long_log(field).await?;
        let cursor = end_of_log(address, key).await?;
        let past = json!({"requests": [{"token": "long", "include": ["items"], "as_of": cursor}]});
        for _ in 0..ASKERS {
            let past = past.to_string();
            self.repeat(address, key, Duration::ZERO, move |_| {
                ("/v1/processes/batch", past.clone())
            });
        }
        Ok(())
    }

    fn send_lists(&mut self, address: SocketAddr, key: &str) {
        for poster in 0..POSTERS {
            self.repeat(address, key, Duration::from_millis(100), move |turn| {
                ("/v1/events", events(poster, turn))
            });
        }
    }

    fn guess_keys(&mut self, address: SocketAddr) {
        for guesser in 0..2 {
            let wrong = format!("wb_{guesser:012x}_{guesser:064x}");
            self.repeat(address, &wrong, Duration::from_millis(10), |_| {
                ("/v1/events", "[]".to_owned())
            });
        }
    }

    /// Sends one request after the other, whatever is answered.
    fn repeat(
        &mut self,
        address: SocketAddr,
        key: &str,
        pause: Duration,
        request: impl Fn(u64) -> (&'static str, String) + Send + 'static,
    ) {
        let (done, answered) = (Arc::clone(&self.done), Arc::clone(&self.answered));
        let key = key.to_owned();
        self.loops.spawn(async move {
            let mut turn = 0;
            while !done.load(Ordering::Relaxed) {
                // A refusal may close the connection.
                let Ok(mut client) = Client::with_key(address, &key).await else {
                    continue;
                };
                while !done.load(Ordering::Relaxed) {
                    let (path, body) = request(turn);
                    turn += 1;
                    let sent = client.post(path, &body).await;
                    answered.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(pause).await;
                    if sent.is_err() {
                        break;
                    }
                }
            }
        });
    }

    /// Ends them; returns how many requests were answered.
    pub(super) async fn end(mut self) -> u64 {
        self.done.store(true, Ordering::Relaxed);
        while self.loops.join_next().await.is_some() {}
        drop(self.open);
        self.answered.load(Ordering::Relaxed)
    }
}

/// Connections that stay open: streams, and requests that are never finished.
async fn open(address: SocketAddr, key: &str) -> anyhow::Result<Vec<TcpStream>> {
    let key = format!("authorization: Bearer {key}\r\n");
    let part =
        "--b\r\ncontent-disposition: form-data; name=\"f\"; filename=\"f.pdf\"\r\n\r\n%PDF-1.7\n";
    let stream = format!("GET /v1/events/stream HTTP/1.1\r\nhost: localhost\r\n{key}\r\n");
    let upload = format!("{UPLOAD}{key}\r\n{part}");
    let form = format!("{FORM}\r\naction=create&formdata={}", "x".repeat(1 << 20));
    let head = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nx: {}",
        "x".repeat(30 << 10)
    );
    let mut open = Vec::new();
    for (count, begin) in [
        (STREAMS, stream),
        (UPLOADS, upload),
        (FORMS, form),
        (HEADS, head),
    ] {
        for _ in 0..count {
            let mut connection = TcpStream::connect(address).await?;
            // It may be refused meanwhile.
            let _ = connection.write_all(begin.as_bytes()).await;
            open.push(connection);
        }
    }
    Ok(open)
}

/// A list of the most events that one request may have.
fn events(poster: u32, turn: u64) -> String {
    let event = |number: u32| {
        let token = format!("hostile-{poster}-{turn}-{number}");
        json!({"id": token, "source": "hostile", "type": "upload.received", "token": token, "data": {}})
    };
    Value::from((0..1_000).map(event).collect::<Vec<_>>()).to_string()
}

/// The needed fields of a page of the feed.
#[derive(Deserialize)]
struct Page {
    events: Vec<Event>,
    next: String,
}

#[derive(Deserialize)]
struct Event {
    cursor: String,
}

/// A process with a long log, written straight into the tables.
async fn long_log(field: &Field) -> anyhow::Result<()> {
    let key = ProcessKey::of("hostile", "long").0;
    let process = format!(
        "insert into waybill.process (key, tenant, token, kind, status)
         values ('{key}', 'hostile', 'long', 'upload', 'waiting')"
    );
    let log = format!(
        "insert into waybill.event (process, source, id, type, time, sequence, late, data, pos)
         select '{key}', 'hostile', 'e' || n, 'upload.items', now(), n, false,
                '{{\"items\":[{{\"identifier\":\"' || n || '\",\"ok\":true}}]}}', n
         from generate_series(1, {LOG}) as n"
    );
    execute(&field.database_url, &[&process, &log]).await
}

async fn end_of_log(address: SocketAddr, key: &str) -> anyhow::Result<String> {
    let mut client = Client::with_key(address, key).await?;
    let mut after = String::new();
    loop {
        let page = client
            .get(&format!("/v1/events?token=long&limit=1000{after}"))
            .await?;
        let page: Page = serde_json::from_slice(page)?;
        match page.events.last() {
            Some(last) if page.events.len() < 1_000 => return Ok(last.cursor.clone()),
            Some(_) => after = format!("&after={}", page.next),
            None => anyhow::bail!("the log has no end"),
        }
    }
}
