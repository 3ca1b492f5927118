//! `waybill quota set`: sets the limits of a tenant.

use std::process::ExitCode;

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, name, output, servers};
use crate::config::{parse_bytes, show_bytes};
use crate::domain::quota::Quota;

/// Set what a tenant may use over HTTP.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill quota set acme --open-processes 100000 --events-per-second 500
  waybill quota set acme --stored-bytes 50GiB --streams 20

The command replaces all limits that the tenant has: what is not given has none. Beyond a limit, HTTP
clients get 429. They follow within 5 s; open processes and stored bytes are counted every 5 s, so
several processes with the role api may exceed these by what they accept meanwhile. Events over AMQP
have no quota: give the tenant a queue of its own.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct Set {
    /// The tenant.
    tenant: String,
    /// Processes that are open at the same time.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    open_processes: Option<u64>,
    /// Events accepted in a second.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    events_per_second: Option<u32>,
    /// Bytes of all stored files, such as 50GiB.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    stored_bytes: Option<u64>,
    /// Streams of events that are open at the same time.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(..=i64::from(i32::MAX)))]
    streams: Option<u32>,
}

pub(super) async fn run(set: &Set, sources: &Sources) -> Result<ExitCode, Failure> {
    name::checked("TENANT", &set.tenant).map_err(Failure::Usage)?;
    let quota = Quota {
        open_processes: set.open_processes,
        events_per_second: set.events_per_second,
        stored_bytes: set.stored_bytes,
        streams: set.streams,
    };
    if quota == Quota::default() {
        return Err(Failure::Usage(
            "name a limit; `waybill quota remove` removes all of them".to_owned(),
        ));
    }
    servers::store(sources)?
        .set_quota(&set.tenant, &quota)
        .await?;
    output::line(&line(&set.tenant, &quota))?;
    Ok(ExitCode::SUCCESS)
}

/// A quota in words.
pub(super) fn line(tenant: &str, quota: &Quota) -> String {
    let limits = [
        quota
            .open_processes
            .map(|most| format!("{most} open processes")),
        quota
            .events_per_second
            .map(|most| format!("{most} events per second")),
        quota
            .stored_bytes
            .map(|most| format!("{} stored", show_bytes(most))),
        quota.streams.map(|most| format!("{most} streams")),
    ];
    let limits: Vec<_> = limits.into_iter().flatten().collect();
    format!("tenant {}: {}", escape::line(tenant), limits.join(", "))
}

fn size(text: &str) -> Result<u64, String> {
    let bytes = parse_bytes(text).filter(|bytes| i64::try_from(*bytes).is_ok());
    bytes.ok_or_else(|| "must be a size such as 64KiB or 50GiB".to_owned())
}
