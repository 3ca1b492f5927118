//! `waybill session`: lists and ends the sessions of people at the pages and of clients of OMFLOW.

mod end;
mod list;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Sources;
use super::failure::Failure;

/// List and end the sessions of the pages and of clients of OMFLOW.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill session list --tenant acme
  waybill session end 9f86d081884c7d65
  waybill session end --key 5f0c9a7e21bd --why 'a lost laptop'
  waybill session end --all")]
pub(super) struct Session {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::List),
    End(end::End),
}

pub(super) async fn run(session: Session, sources: &Sources) -> Result<ExitCode, Failure> {
    match session.action {
        Action::List(list) => list::run(&list, sources).await,
        Action::End(end) => end::run(end, sources).await,
    }
}
