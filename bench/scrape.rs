//! Requests to a worker's ops listener.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long a worker may take to be ready.
const READY_MAX: Duration = Duration::from_secs(30);

/// An address without a listener.
pub(crate) async fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?)
}

/// The body of a page, if the answer is 200.
pub(crate) async fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    anyhow::ensure!(
        answer.starts_with("HTTP/1.1 200"),
        "{path} did not answer with 200"
    );
    let (_, body) = answer
        .split_once("\r\n\r\n")
        .context("an answer has a body")?;
    Ok(body.to_owned())
}

/// Waits until a worker is ready.
pub(crate) async fn ready(address: SocketAddr) -> anyhow::Result<()> {
    let polling = async {
        while get(address, "/readyz").await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(READY_MAX, polling)
        .await
        .context("the worker does not become ready")
}
