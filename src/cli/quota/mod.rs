//! `waybill quota`: what tenants may use over HTTP.

mod list;
mod remove;
mod set;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Sources;
use super::failure::Failure;

/// Limit what tenants use over HTTP, list and remove these quotas.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill quota set acme --open-processes 100000 --events-per-second 500
  waybill quota set acme --stored-bytes 50GiB --streams 20
  waybill quota list
  waybill quota remove acme")]
pub(super) struct Quota {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Set(set::Set),
    List(list::List),
    Remove(remove::Remove),
}

pub(super) async fn run(quota: Quota, sources: &Sources) -> Result<ExitCode, Failure> {
    match quota.action {
        Action::Set(set) => set::run(&set, sources).await,
        Action::List(list) => list::run(&list, sources).await,
        Action::Remove(remove) => remove::run(&remove, sources).await,
    }
}
