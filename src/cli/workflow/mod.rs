//! `waybill workflow`: applies, lists, draws and checks workflows, the graphs that orders follow.

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

/// Check, apply, list and draw workflows: the graphs of stages that orders follow.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill workflow check purchase.toml
  waybill workflow apply purchase.toml invoice.toml
  waybill workflow show purchase
  waybill workflow show purchase --dot | dot -Tsvg > purchase.svg

An order keeps the version of the workflow that was the newest when it was opened.")]
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
