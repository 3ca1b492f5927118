//! Parses the broker's address from the settings for the client library, correcting its parser's
//! errors.

use std::time::Duration;

use lapin::uri::AMQPUri;

use super::BrokerError;

/// Parses the address and adds the heartbeat.
///
/// The parser's own message can repeat the whole address, password included, so it is not passed
/// on.
pub(super) fn parse(address: &str, heartbeat: Duration) -> Result<AMQPUri, BrokerError> {
    let mut uri: AMQPUri = address.trim().parse().map_err(|_: String| {
        BrokerError::Settings(
            "the broker's address is not of the form amqp://user:password@host:5672/%2f; inside a \
             password @ is written %40, / is %2F, : is %3A, # is %23 and ? is %3F"
                .to_owned(),
        )
    })?;
    if let Some(host) = ipv6_host(address.trim()) {
        uri.authority.host = host.to_owned();
    }
    uri.query.heartbeat = Some(heartbeat_seconds(heartbeat));
    Ok(uri)
}

/// Whole seconds, as in the protocol; zero would disable heartbeats, and with them the
/// only way to detect a peer that has vanished.
fn heartbeat_seconds(heartbeat: Duration) -> u16 {
    u16::try_from(heartbeat.as_millis().div_ceil(1000))
        .unwrap_or(u16::MAX)
        .max(1)
}

/// The host of an address with an IPv6 literal, which the library silently takes for `localhost`.
fn ipv6_host(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let (literal, _) = host.strip_prefix('[')?.split_once(']')?;
    Some(literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(address: &str) -> String {
        parse(address, Duration::from_secs(5))
            .unwrap()
            .authority
            .host
    }

    #[test]
    fn an_ipv6_literal_is_kept() {
        assert_eq!(host("amqp://u:p@[::1]:5672/%2f"), "::1");
        assert_eq!(host("amqps://[fe80::2]"), "fe80::2");
        assert_eq!(host("amqp://u:p@127.0.0.1:5672/%2f"), "127.0.0.1");
        assert_eq!(host("amqp://u:p@mq.example/%2f"), "mq.example");
    }

    #[test]
    fn the_heartbeat_is_rounded_up_and_never_off() {
        assert_eq!(heartbeat_seconds(Duration::ZERO), 1);
        assert_eq!(heartbeat_seconds(Duration::from_millis(2500)), 3);
        assert_eq!(heartbeat_seconds(Duration::MAX), u16::MAX);
    }

    #[test]
    fn a_bad_address_is_refused_without_repeating_it() {
        for address in [
            "amqp:user:secret",
            "http://user:secret@host",
            "user:secret@host:5672",
            "amqp://user:sec/ret@host",
            "amqp://user:secret@host:99999",
        ] {
            let error = parse(address, Duration::from_secs(5)).unwrap_err();
            assert!(matches!(error, BrokerError::Settings(_)));
            assert!(!error.to_string().contains("sec"), "{error}");
        }
    }
}
