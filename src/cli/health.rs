//! `waybill health`: asks the process on this machine whether it is ready, as a container's health
//! check does that has no other client of HTTP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::failure::Failure;
use super::{Sources, output, servers};

/// Longer than an answer takes that needs neither database nor broker.
const PATIENCE: Duration = Duration::from_secs(3);

/// Check whether the process on this machine is ready.
#[derive(Debug, Args)]
#[command(after_help = "\
It asks the listener of ops.listen for /readyz.

Exit codes: 0 ready, 1 not ready or not reached, 2 wrong usage or settings.")]
pub(super) struct Health {
    /// Check only that its loops run (/livez), whatever database and broker do.
    #[arg(long)]
    live: bool,
}

pub(super) async fn run(asked: &Health, sources: &Sources) -> Result<ExitCode, Failure> {
    let listen = servers::settings(sources)?.ops.listen;
    let path = match asked.live {
        true => "livez",
        false => "readyz",
    };
    let url = format!("http://{}/{path}", near(listen));
    let unreached = |error: reqwest::Error| {
        Failure::Failed(format!(
            "{url} does not answer: {}; is `waybill run` up?",
            error.without_url()
        ))
    };
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .tls_certs_only([])
        .no_proxy();
    let client = client.build().map_err(unreached)?;
    let answer = client.get(&url).send().await.map_err(unreached)?;
    let is_well = answer.status().is_success();
    let text = answer.text().await.map_err(unreached)?;
    match is_well {
        true => output::line(&text)?,
        false => return Err(Failure::Failed(text.trim_end().to_owned())),
    }
    Ok(ExitCode::SUCCESS)
}

/// Where a listener is reached from its own machine.
fn near(listen: SocketAddr) -> SocketAddr {
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
        for (listen, asked) in [
            ("0.0.0.0:9464", "127.0.0.1:9464"),
            ("[::]:9464", "[::1]:9464"),
            ("10.0.0.7:1", "10.0.0.7:1"),
        ] {
            assert_eq!(near(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
