//! Reads the broker's `connection.start`, sent before the login: its product name and version.
//!
//! The client library does not expose these, so this exchanges the first two messages of the
//! protocol on a connection that it then drops.

use std::io;

use futures_util::{AsyncReadExt, AsyncWriteExt};
use lapin::types::{AMQPValue, FieldTable, parsing};

use super::frame::{HEAD, Head};
use super::runtime::BrokerStream;
use crate::broker::{BrokerError, address, dial, tls};
use crate::config::BrokerSettings;

/// The protocol header: the protocol's name and version.
const PROTOCOL: &[u8] = b"AMQP\0\0\x09\x01";
/// Class and method of `connection.start`, then the protocol's version.
const START: [u8; 4] = [0, 10, 0, 10];
/// The longest greeting that is read.
const GREETING_MAX: usize = 64 << 10;

/// The server properties of the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// Its name, such as `RabbitMQ`.
    pub product: String,
    /// Its version, such as `3.10.8`.
    pub version: String,
}

impl Greeting {
    /// The first two numbers of the version; zero for a missing one.
    #[must_use]
    pub fn release(&self) -> (u32, u32) {
        let mut numbers = self
            .version
            .split(['.', '-', '+'])
            .map(|part| part.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }
}

/// Requests the broker's greeting.
///
/// # Errors
///
/// If the broker can't be reached or answers something else; [`connect`](crate::broker::connect)
/// explains that better.
pub async fn greeting(settings: &BrokerSettings) -> Result<Greeting, BrokerError> {
    use secrecy::ExposeSecret;
    let uri = address::parse(settings.url.expose_secret(), settings.heartbeat)?;
    let tls = tls::client_config(settings, &uri)?;
    let limit = settings.connect_timeout;
    let exchange = async { exchange(dial::stream(&uri, tls.as_ref()).await?).await };
    match tokio::time::timeout(limit, exchange).await {
        Ok(Ok(greeting)) => Ok(greeting),
        Ok(Err(error)) => Err(BrokerError::Unreachable(format!(
            "the broker's greeting could not be read: {error}"
        ))),
        Err(_) => Err(BrokerError::Timeout {
            what: "the broker's greeting",
            limit,
        }),
    }
}

async fn exchange(mut stream: BrokerStream) -> io::Result<Greeting> {
    stream.write_all(PROTOCOL).await?;
    stream.flush().await?;
    let mut head = [0; HEAD];
    stream.read_exact(&mut head).await?;
    let rest = Head::read(&head).map_or(0, |head| head.rest);
    if rest > GREETING_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; rest];
    stream.read_exact(&mut body).await?;
    read(&body).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn read(body: &[u8]) -> Option<Greeting> {
    let properties = body.strip_prefix(&START)?.get(2..)?;
    let (_, properties) = parsing::parse_field_table(properties).ok()?;
    Some(Greeting {
        product: text(&properties, "product")?,
        version: text(&properties, "version")?,
    })
}

fn text(properties: &FieldTable, name: &str) -> Option<String> {
    match properties.inner().get(name)? {
        AMQPValue::LongString(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: &str) -> (u32, u32) {
        let (product, version) = ("RabbitMQ".to_owned(), version.to_owned());
        Greeting { product, version }.release()
    }

    #[test]
    fn a_release_is_read_out_of_any_version() {
        assert_eq!(release("3.10.8"), (3, 10));
        assert_eq!(release("4.0-rc.1"), (4, 0));
        assert_eq!(release("unknown"), (0, 0));
    }

    #[test]
    fn anything_but_a_greeting_is_refused() {
        assert_eq!(read(b""), None);
        assert_eq!(read(b"\0\x0a\0\x0b\0\x09\0\0\0\0"), None);
        assert_eq!(read(b"\0\x0a\0\x0a\0\x09\0\0\0\xff"), None);
    }
}
