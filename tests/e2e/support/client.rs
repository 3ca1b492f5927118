//! A client of the HTTP listener that knows nothing but the protocol.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    time::timeout,
};
use waybill::dev::listen_on_free_port;

use super::ground::{Ground, run, until};
use super::worker::{Plan, Worker};

/// Longer than any wait of these tests.
const PATIENCE: Duration = Duration::from_secs(70);

/// A worker with the API.
pub(crate) const ROLES: &str = "worker,relay,api";

/// Settings, as the flag `--set` takes them.
pub(crate) type Settings<'a> = &'a [&'a str];

/// An HTTP client, with or without an API key.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    host: &'static str,
    headers: String,
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    body: String,
}

/// Runs a test with a ground, a worker with the API on it, and a client.
pub(crate) fn served(name: &str, test: impl AsyncFnOnce(Ground, Client)) {
    served_by(name, ROLES, &[], test);
}

/// The same with these roles.
pub(crate) fn served_as(name: &str, roles: &str, test: impl AsyncFnOnce(Ground, Client)) {
    served_by(name, roles, &[], test);
}

/// The same with these settings.
pub(crate) fn served_with(name: &str, settings: Settings, test: impl AsyncFnOnce(Ground, Client)) {
    served_by(name, ROLES, settings, test);
}

/// The same with these roles and settings.
pub(crate) fn served_by(
    name: &str,
    roles: &str,
    settings: Settings,
    test: impl AsyncFnOnce(Ground, Client),
) {
    run(async {
        let ground = Ground::shared(name).await;
        let (worker, client) = ground.answering_with(roles, settings).await;
        test(ground, client).await;
        worker.stop().await;
    });
}

impl Ground {
    /// A worker with the API, and a client of it.
    pub(crate) async fn answering(&self) -> (Worker, Client) {
        self.answering_as(ROLES).await
    }

    pub(crate) async fn answering_as(&self, roles: &str) -> (Worker, Client) {
        self.answering_with(roles, &[]).await
    }

    /// A worker with these roles and settings, and a client of it.
    pub(crate) async fn answering_with(
        &self,
        roles: &str,
        settings: Settings<'_>,
    ) -> (Worker, Client) {
        let (plan, client) = self.api_plan().await;
        let pairs = settings.iter().map(|pair| pair.split_once('='));
        let plan = pairs.fold(plan.roles(roles), |plan, pair| {
            let (key, value) = pair.expect("a setting and its value");
            plan.with(key, value)
        });
        (plan.start().await, client)
    }

    /// A plan of a worker that listens for clients, and a client of it.
    pub(crate) async fn api_plan(&self) -> (Plan, Client) {
        let port = listen_on_free_port().expect("a free port");
        let address = port.local_addr().expect("it is bound");
        let plan = self.plan().with("http.listen", &address.to_string());
        let plan = plan.with("http.anonymous", "true");
        let client = Client {
            address,
            host: "localhost",
            headers: String::new(),
        };
        (plan, client)
    }
}

impl Client {
    /// The same client with one more header.
    pub(crate) fn with(&self, header: &str, value: &str) -> Self {
        let headers = format!("{}{header}: {value}\r\n", self.headers);
        Self { headers, ..*self }
    }

    /// The same client, which sends requests to the server under this name.
    pub(crate) fn named(&self, host: &'static str) -> Self {
        let headers = self.headers.clone();
        Self {
            host,
            headers,
            ..*self
        }
    }

    /// The server's address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request("GET", path).await
    }

    /// A connection on which nothing has been sent.
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }

    /// The head of a request that begins with these lines.
    pub(crate) fn head(&self, lines: &str) -> String {
        format!("{lines}\r\nhost: {}\r\n{}\r\n", self.host, self.headers)
    }

    /// Sends a request; the caller reads the answer from the stream.
    pub(crate) async fn begin(&self, path: String) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        let request = self.head(&format!("GET {path} HTTP/1.1"));
        let sent = stream.write_all(request.as_bytes()).await;
        sent.expect("it listens on");
        stream
    }

    /// Sends a body, as JSON unless the client has another content type.
    pub(crate) async fn post(&self, path: &str, body: impl ToString) -> Reply {
        let json = self.with("content-type", "application/json");
        let client = if self.headers.contains("content-type") {
            self
        } else {
            &json
        };
        client.send("POST", path, &body.to_string()).await
    }

    pub(crate) async fn request(&self, method: &str, path: &str) -> Reply {
        self.send(method, path, "").await
    }

    /// Sends a form of a page.
    pub(crate) async fn form(&self, path: &str, form: &str) -> Reply {
        let client = self.with("content-type", "application/x-www-form-urlencoded");
        client.send("POST", path, form).await
    }

    /// Waits until a page contains all words; returns it.
    pub(crate) async fn shows(&self, path: &str, words: &[&str]) -> String {
        until(&format!("{words:?}"), async || {
            let reply = self.get(path).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            let all = words.iter().all(|word| reply.body.contains(word));
            all.then_some(reply.body)
        })
        .await
    }

    /// Sends events, and waits until each is applied.
    pub(crate) async fn applies(&self, events: Value) {
        let patient = self.with("prefer", "wait=60");
        let receipts = patient.post("/v1/events", events).await.record();
        for receipt in receipts["events"].as_array().expect("a receipt of each") {
            assert_eq!(receipt["state"], "applied", "{receipt}");
        }
    }

    /// A request with a body and its length, without a content type.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        let length = match body.len() {
            0 => String::new(),
            length => format!("content-length: {length}\r\n"),
        };
        let exchange = async {
            let mut stream = TcpStream::connect(self.address).await.expect("it listens");
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{length}{}\r\n{body}",
                self.host, self.headers
            );
            stream
                .write_all(request.as_bytes())
                .await
                .expect("it listens on");
            let mut text = String::new();
            stream
                .read_to_string(&mut text)
                .await
                .expect("an answer in UTF-8");
            text
        };
        let text = timeout(PATIENCE, exchange).await.expect("an answer");
        let (head, body) = text.split_once("\r\n\r\n").expect("a whole answer");
        Reply {
            status: head
                .split(' ')
                .nth(1)
                .expect("a status")
                .parse()
                .expect("a number"),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }
}

/// Server-sent events as they come.
pub(crate) struct EventStream {
    lines: Lines<BufReader<TcpStream>>,
}

impl Client {
    /// Opens the stream. As HTTP 1.0: then the body is nothing but its lines.
    pub(crate) async fn stream(&self, path: &str) -> EventStream {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        let request = format!(
            "GET {path} HTTP/1.0\r\nhost: {}\r\n{}\r\n",
            self.host, self.headers
        );
        let sent = stream.write_all(request.as_bytes()).await;
        sent.expect("it listens on");
        let mut lines = BufReader::new(stream).lines();
        let first = lines
            .next_line()
            .await
            .expect("an answer")
            .expect("a status");
        assert!(first.contains(" 200 "), "{first}");
        while lines.next_line().await.expect("a head") != Some(String::new()) {}
        EventStream { lines }
    }
}

impl EventStream {
    /// The id and the data of the next event.
    pub(crate) async fn next(&mut self) -> (String, Value) {
        let (id, data) = self.event().await;
        (id, serde_json::from_str(&data).expect("JSON"))
    }

    /// The data of the next event, as it is.
    pub(crate) async fn text(&mut self) -> String {
        self.event().await.1
    }

    async fn event(&mut self) -> (String, String) {
        let (mut id, mut data) = (String::new(), String::new());
        loop {
            let line = timeout(PATIENCE, self.lines.next_line()).await;
            let line = line.expect("an event").expect("a line").expect("no end");
            match line.split_once(": ") {
                Some(("id", value)) => value.clone_into(&mut id),
                Some(("data", value)) => data.push_str(value),
                // An empty line ends an event; a comment is not one.
                _ if line.is_empty() && !data.is_empty() => {
                    return (id, data);
                }
                _ => {}
            }
        }
    }
}

impl EventStream {
    /// Waits for the end of the stream.
    pub(crate) async fn ends(&mut self) {
        let end = async { while self.lines.next_line().await.expect("a line").is_some() {} };
        timeout(PATIENCE, end).await.expect("an end");
    }
}

impl Reply {
    /// A header of the answer, if it is there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
    }

    /// The body of an answer with the status 200.
    pub(crate) fn record(&self) -> Value {
        self.json(200)
    }

    /// The body of an answer with this status.
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The problem of an answer with this status; checks that it has every required member.
    pub(crate) fn problem(&self, status: u16, name: &str) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        let type_ = self.header("content-type");
        assert_eq!(type_, Some("application/problem+json"), "{}", self.head);
        let problem: Value = serde_json::from_str(&self.body).expect("JSON");
        assert_eq!(problem["type"], format!("urn:waybill:problem:{name}"));
        assert_eq!(problem["status"], status);
        for text in ["title", "detail", "instance"] {
            assert!(problem[text].is_string(), "{problem}");
        }
        problem
    }

    pub(crate) fn body(&self) -> &str {
        &self.body
    }
}
