//! `waybill quota list`: one line per tenant.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::set;
use crate::cli::failure::Failure;
use crate::cli::{Sources, output, servers};

/// List the quotas of all tenants.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill quota list

--json prints an array of objects: tenant, open_processes, events_per_second, stored_bytes, streams; null is no limit.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct List {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct View<'a> {
    tenant: &'a str,
    open_processes: Option<u64>,
    events_per_second: Option<u32>,
    stored_bytes: Option<u64>,
    streams: Option<u32>,
}

pub(super) async fn run(list: &List, sources: &Sources) -> Result<ExitCode, Failure> {
    let quotas = servers::store(sources)?.list_quotas().await?;
    if list.json {
        let views = quotas.iter().map(|(tenant, quota)| View {
            tenant,
            open_processes: quota.open_processes,
            events_per_second: quota.events_per_second,
            stored_bytes: quota.stored_bytes,
            streams: quota.streams,
        });
        output::json(&views.collect::<Vec<_>>())?;
    } else if quotas.is_empty() {
        output::line("no quotas; set one with `waybill quota set`")?;
    } else {
        for (tenant, quota) in &quotas {
            output::line(&set::line(tenant, quota))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
