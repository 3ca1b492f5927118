//! The ports of servers that stop and start again.

use std::{
    fs,
    io::{self, ErrorKind},
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    path::Path,
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

use uuid::Uuid;

use super::DevError;

/// Below the ports that Linux gives to outgoing connections (`net.ipv4.ip_local_port_range`, from
/// 32,768 on): one of those may be in use while its server is down.
const RANGE: Range<u16> = 20_000..32_000;

/// How many ports to try; nearly all are free.
const ATTEMPTS: u16 = 100;

/// Listens on 127.0.0.1 on a free port that no outgoing connection takes, so that a server can
/// stop and start again on it.
///
/// # Errors
///
/// When no port is free.
pub fn listen_on_free_port() -> io::Result<TcpListener> {
    (0..ATTEMPTS)
        .find_map(|_| bind(next_port()).ok())
        .ok_or_else(|| ErrorKind::AddrInUse.into())
}

/// A port on 127.0.0.1, the last one used if it is still free.
///
/// Keep the listener until all ports are chosen, so that none is chosen twice.
pub(super) fn claim(path: &Path) -> Result<(u16, TcpListener), DevError> {
    let kept = fs::read_to_string(path)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let listener = kept
        .and_then(|port| bind(port).ok())
        .map_or_else(listen_on_free_port, Ok);
    listener
        .and_then(|listener| {
            let port = listener.local_addr()?.port();
            fs::write(path, format!("{port}\n"))?;
            Ok((port, listener))
        })
        .map_err(|source| DevError::file("choose a port for", path, source))
}

/// Whether a server could listen on this port now.
pub(super) fn is_free(port: u16) -> bool {
    bind(port).is_ok()
}

fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// A port that this program has not tried yet, until it has tried all: one that was closed for a server
/// that is about to listen there is not given to another one meanwhile.
fn next_port() -> u16 {
    static FIRST: LazyLock<u16> = LazyLock::new(random);
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let length = RANGE.end - RANGE.start;
    let next = |tried: u16| Some((tried + 1) % length);
    let tried = TRIED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    let tried = tried.unwrap_or_else(|tried| tried);
    RANGE.start + (*FIRST % length + tried) % length
}

fn random() -> u16 {
    let bytes = Uuid::new_v4().into_bytes();
    u16::from_be_bytes([bytes[0], bytes[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_does_not_listen_where_an_outgoing_connection_may_take_its_port() {
        let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
        let first: u16 = range.split_whitespace().next().unwrap().parse().unwrap();
        let file = std::env::temp_dir().join(format!("waybill-port-{}", Uuid::new_v4()));
        let (port, listener) = claim(&file).unwrap();
        assert!(port < first, "{port} is one of {range}");
        drop(listener);
        assert_eq!(claim(&file).unwrap().0, port);
        fs::remove_file(file).unwrap();
    }

    #[test]
    fn a_port_that_was_chosen_and_closed_is_not_chosen_again_soon() {
        let port = || listen_on_free_port().unwrap().local_addr().unwrap().port();
        let mut ports: Vec<_> = (0..2_000).map(|_| port()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 2_000);
    }
}
