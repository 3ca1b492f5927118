//! `waybill producer list`: one line per rule.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::allow;
use crate::cli::failure::Failure;
use crate::cli::{Sources, output, servers};

/// List the rules of the exchange waybill.events, by user and tenant.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill producer list

--json prints an array of objects: user, tenant, sources, types, created_at.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct List {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct View<'a> {
    user: &'a str,
    tenant: &'a str,
    sources: &'a [String],
    types: &'a [String],
    created_at: Timestamp,
}

pub(super) async fn run(list: &List, sources: &Sources) -> Result<ExitCode, Failure> {
    let rules = servers::store(sources)?.list_producers().await?;
    if list.json {
        let views = rules.iter().map(|listed| View {
            user: &listed.rule.user,
            tenant: &listed.rule.tenant,
            sources: &listed.rule.sources,
            types: &listed.rule.types,
            created_at: listed.created_at,
        });
        output::json(&views.collect::<Vec<_>>())?;
    } else if rules.is_empty() {
        output::line("no rules; set one with `waybill producer allow`")?;
    } else {
        for listed in &rules {
            output::line(&allow::line(&listed.rule))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
