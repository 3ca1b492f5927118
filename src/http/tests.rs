//! The connection limits against clients that are slow, greedy or many.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::web::connection_limits::{ConnectionLimits, LimitedListener, bind};
use super::web::server::{Arrival, serve};

const TINY: ConnectionLimits = ConnectionLimits {
    connections: 1,
    request_bytes: 256,
    head: Duration::from_millis(200),
    transfer: Duration::from_millis(300),
    bytes_per_second: 1024,
    idle: Duration::from_millis(600),
};
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// A server that lives as long as the set, and its address.
async fn server() -> (JoinSet<()>, SocketAddr) {
    server_with(TINY).await
}

async fn server_with(limits: ConnectionLimits) -> (JoinSet<()>, SocketAddr) {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let guard = LimitedListener::new(bind(any, "test").await.unwrap(), limits);
    let address = guard.local_addr().unwrap();
    let routes = Router::new().route("/", get(|| async { "hello" }));
    let mut tasks = JoinSet::new();
    let stop = CancellationToken::new();
    tasks.spawn(serve(
        guard,
        routes,
        Arrival::default(),
        (stop, Duration::ZERO),
    ));
    (tasks, address)
}

/// What the server sends until it hangs up.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset counts as an end, too.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_request_that_dribbles_is_cut_off() {
    let (_tasks, address) = server().await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    assert_eq!(until_closed(&mut slow).await, "");
}

#[tokio::test]
async fn a_request_that_is_too_long_is_cut_off() {
    let (_tasks, address) = server().await;
    let mut greedy = TcpStream::connect(address).await.unwrap();
    let header = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(500));
    greedy.write_all(header.as_bytes()).await.unwrap();
    assert_eq!(until_closed(&mut greedy).await, "");
}

#[tokio::test]
async fn a_head_over_32_kib_is_refused_and_a_smaller_one_is_answered() {
    let roomy = ConnectionLimits {
        request_bytes: usize::MAX,
        ..TINY
    };
    let (_tasks, address) = server_with(roomy).await;
    for (bytes, status) in [(30 << 10, "200"), (33 << 10, "431")] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n",
            "x".repeat(bytes)
        );
        // The server may hang up before it has read all of it.
        let _ = stream.write_all(head.as_bytes()).await;
        let answer = until_closed(&mut stream).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_head_has_less_time_than_a_body() {
    let patient = ConnectionLimits {
        transfer: Duration::from_secs(60),
        ..TINY
    };
    let (_tasks, address) = server_with(patient).await;
    let started = Instant::now();
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    assert_eq!(until_closed(&mut slow).await, "");
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn an_address_with_all_of_its_places_is_turned_away_at_once() {
    let crowded = ConnectionLimits {
        connections: 2,
        ..TINY
    };
    let (_tasks, address) = server_with(crowded).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(REQUEST).await.unwrap();
    let mut answer = vec![0; 512];
    assert!(first.read(&mut answer).await.unwrap() > 0);
    let mut second = TcpStream::connect(address).await.unwrap();
    // It may be closed before this is written.
    let _ = second.write_all(REQUEST).await;
    assert_eq!(until_closed(&mut second).await, "");
    drop(first);
}

#[tokio::test]
async fn a_place_comes_back_when_its_connection_is_closed() {
    let (_tasks, address) = server().await;
    for _ in 0..3 {
        let mut only = TcpStream::connect(address).await.unwrap();
        only.write_all(REQUEST).await.unwrap();
        // It is served, goes idle, and is closed.
        assert!(until_closed(&mut only).await.ends_with("hello"));
    }
}

#[tokio::test]
async fn requests_on_one_connection_each_get_their_time() {
    let (_tasks, address) = server().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let started = Instant::now();
    let mut answer = vec![0; 512];
    while started.elapsed() < TINY.transfer * 3 {
        stream.write_all(REQUEST).await.unwrap();
        let bytes = stream.read(&mut answer).await.unwrap();
        assert!(answer[..bytes].ends_with(b"hello"));
    }
}

#[tokio::test]
async fn an_address_in_use_is_reported_with_its_setting() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let in_use = bind(any, "ops.listen").await.unwrap();
    let address = in_use.local_addr().unwrap();
    let error = bind(address, "ops.listen").await.unwrap_err();
    let expected = format!("cannot listen on {address} (setting `ops.listen`): address in use");
    assert_eq!(error.to_string(), expected);
}
