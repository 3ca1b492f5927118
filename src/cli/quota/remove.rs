//! `waybill quota remove`: removes the limits of a tenant.

use std::process::ExitCode;

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, output, servers};

/// Remove all limits of a tenant.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill quota remove acme

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 no such quota.")]
pub(super) struct Remove {
    /// The tenant.
    tenant: String,
}

pub(super) async fn run(remove: &Remove, sources: &Sources) -> Result<ExitCode, Failure> {
    let tenant = escape::line(&remove.tenant);
    if !servers::store(sources)?
        .remove_quota(&remove.tenant)
        .await?
    {
        let text = format!("tenant {tenant} has no quota; see `waybill quota list`");
        return Err(Failure::Unknown(text));
    }
    output::line(&format!("removed the quota of tenant {tenant}"))?;
    Ok(ExitCode::SUCCESS)
}
