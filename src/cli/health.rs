//! `waybill health`: queries the readiness of the process on this machine, for the health check of
//! a container that has no other HTTP client.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use reqwest::Identity;

use super::failure::Failure;
use super::{Sources, output, servers};
use crate::tls::ServerFiles;

/// Ample for a response that needs neither database nor broker.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Check whether the process on this machine is ready.
#[derive(Debug, Args)]
#[command(after_help = "\
It requests /readyz from the listener at ops.listen.

Exit codes: 0 ready, 1 not ready or unreachable, 2 wrong usage or settings.")]
pub(super) struct Health {
    /// Check only that the process is alive (/livez), whether or not database and broker are.
    #[arg(long)]
    live: bool,
}

pub(super) async fn run(health: &Health, sources: &Sources) -> Result<ExitCode, Failure> {
    let ops = servers::settings(sources)?.ops;
    let path = if health.live { "livez" } else { "readyz" };
    let scheme = if ops.tls().is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}/{path}", local_address(ops.listen));
    let unreachable = |error: reqwest::Error| {
        Failure::Failed(format!(
            "{url} does not respond: {}; check ops.listen and that `waybill run` is running",
            error.without_url()
        ))
    };
    // Its own listener, of which the certificate names other hosts; nothing secret is sent.
    let mut client = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .tls_certs_only([])
        .tls_danger_accept_invalid_certs(ops.tls().is_some())
        .no_proxy();
    if let Some(files) = ops.tls().filter(|files| files.client_ca.is_some()) {
        client = client.identity(identity(&files)?);
    }
    let client = client.build().map_err(unreachable)?;
    let response = client.get(&url).send().await.map_err(unreachable)?;
    let is_success = response.status().is_success();
    let text = response.text().await.map_err(unreachable)?;
    match is_success {
        true => output::line(&text)?,
        false => return Err(Failure::Failed(text.trim_end().to_owned())),
    }
    Ok(ExitCode::SUCCESS)
}

/// The listener's own certificate as that of a client.
fn identity(files: &ServerFiles) -> Result<Identity, Failure> {
    let read = |path: &Path| {
        let unread = |error| Failure::Failed(format!("{}: {error}", path.display()));
        fs::read(path).map_err(unread)
    };
    let pem = [read(&files.cert)?, read(&files.key)?].concat();
    let wrong = |error: reqwest::Error| Failure::Failed(format!("ops.cert_file: {error}"));
    Identity::from_pem(&pem).map_err(wrong)
}

/// The address at which a listener can be reached from its own machine.
fn local_address(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_address_is_reached_on_the_loopback() {
        for (listen, expected) in [
            ("0.0.0.0:9464", "127.0.0.1:9464"),
            ("[::]:9464", "[::1]:9464"),
            ("10.0.0.7:1", "10.0.0.7:1"),
        ] {
            assert_eq!(
                local_address(listen.parse().unwrap()),
                expected.parse().unwrap()
            );
        }
    }
}
