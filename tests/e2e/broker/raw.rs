//! A minimal AMQP client, to publish what no library would.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::broker::ground::{login, place};

pub(crate) const MESSAGE_ID: u16 = 1 << 7;
pub(crate) const HEADERS: u16 = 1 << 13;

/// Publishes to the default exchange and waits for the confirm.
pub(crate) async fn publish(url: &str, routing_key: &[u8], flags: u16, properties: &[u8]) {
    let mut raw = Raw(TcpStream::connect(place(url)).await.unwrap());
    raw.open(url).await;
    let key = [&[0, 0, 0], text(routing_key).as_slice(), &[0]].concat();
    raw.method(1, 60, 40, &key).await;
    let header = [
        &[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
        &flags.to_be_bytes()[..],
        properties,
    ];
    raw.frame(2, 1, &header.concat()).await;
    raw.frame(3, 1, b"{}").await;
    raw.answer(60, 80).await;
}

/// A text of up to 255 bytes.
pub(crate) fn text(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

/// Bytes preceded by their length in four bytes.
pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

struct Raw(TcpStream);

impl Raw {
    async fn open(&mut self, url: &str) {
        let (user, password, vhost) = login(url);
        self.0.write_all(b"AMQP\x00\x00\x09\x01").await.unwrap();
        self.answer(10, 10).await;
        let plain = sized(format!("\0{user}\0{password}").as_bytes());
        let start = [sized(b""), text(b"PLAIN"), plain, text(b"en_US")].concat();
        self.method(0, 10, 11, &start).await;
        self.answer(10, 30).await;
        self.method(0, 10, 31, &[0, 10, 0, 2, 0, 0, 0, 0]).await;
        let vhost = [text(vhost.as_bytes()), text(b""), vec![0]].concat();
        self.method(0, 10, 40, &vhost).await;
        self.answer(10, 41).await;
        self.method(1, 20, 10, &text(b"")).await;
        self.answer(20, 11).await;
        self.method(1, 85, 10, &[0]).await;
        self.answer(85, 11).await;
    }

    async fn method(&mut self, channel: u16, class: u16, method: u16, arguments: &[u8]) {
        let ids = [class.to_be_bytes(), method.to_be_bytes()].concat();
        self.frame(1, channel, &[&ids, arguments].concat()).await;
    }

    async fn frame(&mut self, kind: u8, channel: u16, payload: &[u8]) {
        let frame = [
            &[kind],
            &channel.to_be_bytes()[..],
            &sized(payload),
            &[0xce],
        ]
        .concat();
        self.0.write_all(&frame).await.unwrap();
    }

    /// Waits for the next frame, which must be this method.
    async fn answer(&mut self, class: u16, method: u16) {
        let mut head = [0; 7];
        self.0.read_exact(&mut head).await.unwrap();
        let size = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
        let mut payload = vec![0; usize::try_from(size).unwrap() + 1];
        self.0.read_exact(&mut payload).await.unwrap();
        let ids = [class.to_be_bytes(), method.to_be_bytes()].concat();
        assert!(
            payload.starts_with(&ids),
            "{}",
            String::from_utf8_lossy(&payload)
        );
    }
}
