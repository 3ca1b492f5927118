//! What trusted proxies say of a request that they pass on: who has sent it, and whether over TLS.
//! Headers: `X-Forwarded-For` and `X-Forwarded-Proto`, or `Forwarded` (RFC 7239). Only one of the two
//! counts, since a proxy that sets one passes the other on as the client wrote it.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

use super::rate_limit::Peer;
use super::scheme::Scheme;
use crate::config::{ForwardedHeader, Networks};

const FORWARDED: &str = "forwarded";
const X_FORWARDED_FOR: &str = "x-forwarded-for";
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The proxies whose headers count.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    /// Where they are.
    pub networks: Networks,
    /// What they set.
    pub header: ForwardedHeader,
}

impl TrustedProxies {
    /// The client and its scheme: of the connection, or as a trusted proxy says.
    pub(super) fn client(
        &self,
        peer: IpAddr,
        scheme: Scheme,
        headers: &HeaderMap,
    ) -> (Peer, Scheme) {
        if !self.are_at(peer) {
            return (Peer(peer), scheme);
        }
        let (hops, protocol) = match self.header {
            ForwardedHeader::XForwarded => {
                let hops = listed(headers, X_FORWARDED_FOR).map(str::to_owned);
                let protocol = listed(headers, X_FORWARDED_PROTO).last();
                (hops.collect(), protocol.map(str::to_owned))
            }
            ForwardedHeader::Forwarded => {
                let hops = listed(headers, FORWARDED);
                let hops: Vec<_> = hops.map(|hop| parameter(hop, "for")).collect();
                let last = listed(headers, FORWARDED).last();
                (hops, last.map(|hop| parameter(hop, "proto")))
            }
        };
        let scheme = match protocol.as_deref() {
            Some("https") => Scheme::Https,
            Some("http") => Scheme::Http,
            Some(_) | None => scheme,
        };
        (Peer(self.first_stranger(peer, &hops)), scheme)
    }

    /// From the last hop backwards: each trusted proxy says who was before it.
    fn first_stranger(&self, peer: IpAddr, hops: &[String]) -> IpAddr {
        let mut client = peer;
        for hop in hops.iter().rev() {
            let Some(before) = address(hop) else { break };
            client = before;
            if !self.are_at(client) {
                break;
            }
        }
        client
    }

    fn are_at(&self, address: IpAddr) -> bool {
        self.networks.contain(address)
    }
}

/// The elements of all headers of a name; one that is no text is empty.
fn listed<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter();
    let elements = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    elements.map(|element| str::from_utf8(element).unwrap_or_default().trim())
}

/// A parameter of an element of `Forwarded`, without its quotes; empty if it is missing.
fn parameter(element: &str, name: &str) -> String {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    let value = named
        .next()
        .map(|(_, value)| value.trim().trim_matches('"'));
    value.unwrap_or_default().to_owned()
}

/// An address, perhaps with a port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let with_port = hop.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse().or(with_port).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const CLIENT: &str = "198.51.100.4";
    const FOR: &str = X_FORWARDED_FOR;
    const X_FOR: (&str, &str) = (FOR, CLIENT);
    const SEVERAL: (&str, &str) = ("forwarded", "for=127.0.0.1, for=198.51.100.4;proto=http");
    const QUOTED: (&str, &str) = ("forwarded", "for=\"[2001:db8::1]:8080\";Proto=https");
    const BY_NAME: (&str, &str) = ("forwarded", "for=198.51.100.4;proto=https");
    const OVER_TLS: (&str, &str) = ("x-forwarded-proto", "https");

    fn client(header: ForwardedHeader, peer: &str, headers: &[(&str, &str)]) -> (String, Scheme) {
        let networks = "10.0.0.0/8, ::1,192.0.2.7".parse().unwrap();
        let proxies = TrustedProxies { networks, header };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        let (Peer(address), scheme) = proxies.client(peer.parse().unwrap(), Scheme::Http, &map);
        (address.to_string(), scheme)
    }

    #[test]
    fn a_trusted_proxy_says_who_has_sent_a_request_and_how() {
        use ForwardedHeader::{Forwarded, XForwarded};
        for (header, peer, headers, expected) in [
            (
                XForwarded,
                "10.1.2.3",
                &[X_FOR, OVER_TLS][..],
                (CLIENT, Scheme::Https),
            ),
            // What the client wrote itself comes before what the proxy adds.
            (
                XForwarded,
                "10.1.2.3",
                &[(FOR, "127.0.0.1, 198.51.100.4")],
                (CLIENT, Scheme::Http),
            ),
            (
                XForwarded,
                "192.0.2.7",
                &[X_FOR, (FOR, "10.9.9.9:81")],
                (CLIENT, Scheme::Http),
            ),
            (
                XForwarded,
                "10.1.2.3",
                &[(FOR, "unknown")],
                ("10.1.2.3", Scheme::Http),
            ),
            (
                XForwarded,
                "10.1.2.3",
                &[BY_NAME],
                ("10.1.2.3", Scheme::Http),
            ),
            // It comes from elsewhere.
            (
                XForwarded,
                "11.1.2.3",
                &[X_FOR, OVER_TLS],
                ("11.1.2.3", Scheme::Http),
            ),
            (Forwarded, "::1", &[QUOTED], ("2001:db8::1", Scheme::Https)),
            (Forwarded, "::1", &[SEVERAL], (CLIENT, Scheme::Http)),
            (Forwarded, "::1", &[X_FOR], ("::1", Scheme::Http)),
        ] {
            let (address, scheme) = expected;
            assert_eq!(
                client(header, peer, headers),
                (address.to_owned(), scheme),
                "{headers:?}"
            );
        }
    }
}
