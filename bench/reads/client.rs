//! A client that is inexpensive compared with the server: one persistent connection, one request at
//! a time.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection.
pub(crate) struct Client {
    /// The header with the key, if there is one.
    key: String,
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        Self::with_key(address, "").await
    }

    /// With this key, unless it is empty.
    pub(crate) async fn with_key(address: SocketAddr, key: &str) -> anyhow::Result<Self> {
        let key = match key {
            "" => String::new(),
            key => format!("authorization: Bearer {key}\r\n"),
        };
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            key,
            stream: BufReader::new(stream),
            line: String::new(),
            body: Vec::new(),
        })
    }

    /// The body of an answer, which must be 200 or 202.
    pub(crate) async fn get(&mut self, path: &str) -> anyhow::Result<&[u8]> {
        let key = &self.key;
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\n{key}\r\n"
        ))
        .await
    }

    /// The same for a request with a body of JSON.
    pub(crate) async fn post(&mut self, path: &str, body: &str) -> anyhow::Result<&[u8]> {
        let (length, key) = (body.len(), &self.key);
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n{key}\r\n{body}"
        ))
        .await
    }

    async fn send(&mut self, request: &str) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request.as_bytes()).await?;
        self.next_line().await?;
        let status = self.line.clone();
        let mut length = None;
        loop {
            self.next_line().await?;
            if self.line.is_empty() {
                break;
            }
            if let Some((name, value)) = self.line.split_once(": ")
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.parse()?);
            }
        }
        let length: usize = length.context("an answer has no content-length")?;
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await?;
        anyhow::ensure!(
            status.starts_with("HTTP/1.1 20"),
            "{status}: {}",
            String::from_utf8_lossy(&self.body)
        );
        Ok(&self.body)
    }

    async fn next_line(&mut self) -> anyhow::Result<()> {
        self.line.clear();
        let read = self.stream.read_line(&mut self.line).await?;
        anyhow::ensure!(read > 0, "the server has closed the connection");
        self.line.truncate(self.line.trim_end().len());
        Ok(())
    }
}
