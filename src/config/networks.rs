//! Sets of addresses: single ones, and networks such as `10.0.0.0/8`.

use std::net::IpAddr;
use std::str::FromStr;

/// Addresses and networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

/// The addresses that begin with these bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Networks {
    /// Whether an address is one of them.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.has(address))
    }
}

impl FromStr for Networks {
    type Err = String;

    /// Addresses and networks, with commas between them.
    fn from_str(text: &str) -> Result<Self, String> {
        let networks = text.split(',').map(str::trim);
        let read = |text| Network::read(text).ok_or_else(|| format!("{text:?}"));
        networks.map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl Network {
    fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        (bits <= most).then_some(Self { address, bits })
    }

    fn has(self, address: IpAddr) -> bool {
        let equal_bits = match (self.address, address.to_canonical()) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                (one.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V6(one), IpAddr::V6(other)) => {
                (one.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        equal_bits >= self.bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_addresses_that_begin_with_its_bits() {
        let networks: Networks = "10.1.0.0/16, 192.0.2.7,2001:db8::/32, 0.0.0.0/32"
            .parse()
            .unwrap();
        let contained = |address: &str| networks.contain(address.parse().unwrap());
        for address in [
            "10.1.255.3",
            "::ffff:10.1.2.3",
            "192.0.2.7",
            "2001:db8:1::2",
            "0.0.0.0",
        ] {
            assert!(contained(address), "{address}");
        }
        for address in ["10.2.0.1", "192.0.2.8", "2001:db9::", "::1", "127.0.0.1"] {
            assert!(!contained(address), "{address}");
        }
        assert!(
            "0.0.0.0/0"
                .parse::<Networks>()
                .unwrap()
                .contain([1, 2, 3, 4].into())
        );
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for wrong in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0",
            "a",
            "10.0.0.0/-1",
            "10.0.0.0/",
            "::1,",
        ] {
            assert!(wrong.parse::<Networks>().is_err(), "{wrong}");
        }
    }
}
