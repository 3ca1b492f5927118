//! `waybill workflow`: the graphs that orders walk, from files into the database and drawn.

mod apply;
mod details;
mod dot;
mod drawing;
mod files;
mod list;
mod show;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Sources;
use super::failure::Failure;

/// Check, apply, list and draw workflows: the stages that orders walk.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill workflow check purchase.toml
  waybill workflow apply purchase.toml invoice.toml
  waybill workflow show purchase
  waybill workflow show purchase --dot | dot -Tsvg > purchase.svg

An order keeps the version of its workflow that it opened with.")]
pub(super) struct Workflow {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Apply(apply::Apply),
    List(list::List),
    Show(show::Show),
    Check(apply::Check),
}

pub(super) async fn run(workflow: Workflow, sources: &Sources) -> Result<ExitCode, Failure> {
    match workflow.action {
        Action::Apply(apply) => apply::run(&apply, sources).await,
        Action::List(list) => list::run(&list, sources).await,
        Action::Show(show) => show::run(&show, sources).await,
        Action::Check(check) => apply::check(&check),
    }
}
