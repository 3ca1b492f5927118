//! Refused requests with a body on a kept connection.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::served;

/// The head of the next answer; its body is skipped by its content length.
async fn answer(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = stream.read_u8().await;
        head.push(byte.expect("the connection is kept"));
    }
    let head = String::from_utf8(head).expect("a head").to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("a whole answer");
    head
}

#[test]
fn a_refusal_keeps_the_connection_or_announces_its_close() {
    served("http-bodies", async |_, client| {
        let mut stream = client.connect().await;
        for path in [
            "/v1/nothing",
            "/open-capture/monitoring/list",
            "/diadoc/",
            "/omflow/",
        ] {
            let head =
                format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n");
            stream.write_all(head.as_bytes()).await.expect("it listens");
            // Many clients send heads and bodies apart.
            tokio::time::sleep(Duration::from_millis(100)).await;
            stream.write_all(b"{}").await.expect("it listens on");
            let head = answer(&mut stream).await;
            let status = if path == "/omflow/" { "200" } else { "40" };
            assert!(head.starts_with(&format!("http/1.1 {status}")), "{head}");
            assert!(!head.contains("connection: close"), "{head}");
        }
        for more in [
            "content-length: 20000",
            "content-length: 2\r\nexpect: 100-continue",
        ] {
            for (path, status) in [("/v1/nothing", 404), ("/omflow/", 200)] {
                let mut stream = client.connect().await;
                let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{more}\r\n\r\n");
                stream.write_all(head.as_bytes()).await.expect("it listens");
                let head = answer(&mut stream).await;
                assert!(head.starts_with(&format!("http/1.1 {status}")), "{head}");
                assert!(head.contains("connection: close"), "{head}");
            }
        }
    });
}
