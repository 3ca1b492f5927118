//! `waybill producer`: which broker user may publish to the shared exchange, and for whom.

mod allow;
mod list;
mod revoke;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Sources;
use super::failure::Failure;

/// Allow broker users to publish to the exchange waybill.events, list and revoke these rules.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill producer allow scanner --tenant acme
  waybill producer allow shop --tenant acme --tenant globex --source 'shop/*' --type 'order.*'
  waybill producer list
  waybill producer revoke shop --tenant globex")]
pub(super) struct Producer {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Allow(allow::Allow),
    List(list::List),
    Revoke(revoke::Revoke),
}

pub(super) async fn run(producer: Producer, sources: &Sources) -> Result<ExitCode, Failure> {
    match producer.action {
        Action::Allow(allow) => allow::run(allow, sources).await,
        Action::List(list) => list::run(&list, sources).await,
        Action::Revoke(revoke) => revoke::run(&revoke, sources).await,
    }
}
