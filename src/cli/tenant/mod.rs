//! `waybill tenant`: tenants whose producers and consumers have exchanges of their own.

mod add;
mod list;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Sources;
use super::failure::Failure;

/// Give tenants exchanges of their own, and list them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill tenant add acme
  waybill tenant list")]
pub(super) struct Tenant {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(add::Add),
    List(list::List),
}

pub(super) async fn run(tenant: Tenant, sources: &Sources) -> Result<ExitCode, Failure> {
    match tenant.action {
        Action::Add(add) => add::run(&add, sources).await,
        Action::List(list) => list::run(&list, sources).await,
    }
}
