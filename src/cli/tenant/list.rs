//! `waybill tenant list`: one line per tenant.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::broker::tenant_exchanges;
use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, output, servers};
use crate::config::show_duration;
use crate::domain::tenancy::TenantQueue;

/// List the tenants that have exchanges of their own, oldest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill tenant list

Each line: time of creation, name, exchange of its events, its own queue if it has one or had one, and how
long what ended is kept at most, if that is limited.

--json prints an array of objects: name, created_at, events_exchange, queue (shared, own or former),
own_queue (its name, or null), keep (null or such as 30d).

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct List {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct View {
    name: String,
    created_at: Timestamp,
    events_exchange: String,
    keep: Option<String>,
    queue: &'static str,
    own_queue: Option<String>,
}

pub(super) async fn run(list: &List, sources: &Sources) -> Result<ExitCode, Failure> {
    let tenants = servers::store(sources)?.list_tenants().await?;
    let views = tenants.into_iter().map(|tenant| View {
        events_exchange: tenant_exchanges::events_exchange(&tenant.name),
        own_queue: (tenant.queue != TenantQueue::Shared)
            .then(|| tenant_exchanges::own_queue(&tenant.name)),
        queue: tenant.queue.name(),
        name: tenant.name,
        created_at: tenant.created_at,
        keep: tenant.keep.map(show_duration),
    });
    let views: Vec<_> = views.collect();
    if list.json {
        output::json(&views)?;
    } else if views.is_empty() {
        output::line("no tenants; add one with `waybill tenant add`")?;
    } else {
        for View {
            name,
            created_at,
            events_exchange,
            queue,
            own_queue,
            keep,
        } in &views
        {
            let name = escape::line(name);
            let own = own_queue.as_ref().map(|own| format!("  {own} ({queue})"));
            let keep = keep.as_ref().map(|keep| format!("  keeps {keep}"));
            let more = [own, keep].into_iter().flatten().collect::<String>();
            output::line(&format!("{created_at:.0}  {name}  {events_exchange}{more}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
