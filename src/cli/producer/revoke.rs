//! `waybill producer revoke`: removes rules of a broker user.

use std::process::ExitCode;

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, output, servers};

/// Revoke what a broker user may publish to the exchange waybill.events.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill producer revoke shop --tenant globex
  waybill producer revoke shop

Workers follow within 5 s; events that they have consumed by then stay applied.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 no such rule.")]
pub(super) struct Revoke {
    /// The broker user.
    user: String,
    /// Only the rule for this tenant.
    #[arg(long)]
    tenant: Option<String>,
}

pub(super) async fn run(revoke: &Revoke, sources: &Sources) -> Result<ExitCode, Failure> {
    let Revoke { user, tenant } = revoke;
    let store = servers::store(sources)?;
    let revoked = store.revoke_producer(user, tenant.as_deref()).await?;
    let user = escape::line(user);
    if revoked == 0 {
        let text = format!("no such rule of user {user}; see `waybill producer list`");
        return Err(Failure::Unknown(text));
    }
    output::line(&format!("revoked rules of user {user}: {revoked}"))?;
    Ok(ExitCode::SUCCESS)
}
