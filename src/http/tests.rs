//! The connection limits against clients that are slow, greedy or many.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use axum::serve::Listener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::web::connection_limits::{ConnectionLimits, LimitedListener, bind};

const TINY: ConnectionLimits = ConnectionLimits {
    connections: 1,
    request_bytes: 256,
    transfer: Duration::from_millis(300),
    bytes_per_second: 1024,
    idle: Duration::from_millis(600),
};
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// A server that lives as long as the set, and its address.
async fn server() -> (JoinSet<io::Result<()>>, SocketAddr) {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let guard = LimitedListener::new(bind(any, "test").await.unwrap(), TINY);
    let address = guard.local_addr().unwrap();
    let routes = Router::new().route("/", get(|| async { "hello" }));
    let mut tasks = JoinSet::new();
    tasks.spawn(axum::serve(guard, routes).into_future());
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
async fn a_connection_over_the_limit_waits_for_its_place() {
    let (_tasks, address) = server().await;
    let mut first = TcpStream::connect(address).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(REQUEST).await.unwrap();
    first.write_all(REQUEST).await.unwrap();
    // The first is served, goes idle, and is closed; only then is the second accepted.
    assert!(until_closed(&mut first).await.ends_with("hello"));
    assert!(until_closed(&mut second).await.ends_with("hello"));
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
