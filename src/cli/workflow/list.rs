//! `waybill workflow list`: one line per workflow.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, output, servers};
use crate::store::admin::workflow::ListedWorkflow;

/// List workflows with their newest version.
#[derive(Debug, Args)]
#[command(after_help = "\
Each line: name, newest version, time of its application, number of versions.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct List {}

pub(super) async fn run(_: &List, sources: &Sources) -> Result<ExitCode, Failure> {
    let workflows = servers::store(sources)?.list_workflows().await?;
    output::line(&render(&workflows))?;
    Ok(ExitCode::SUCCESS)
}

/// The workflows as lines.
pub(super) fn render(workflows: &[ListedWorkflow]) -> String {
    if workflows.is_empty() {
        return "no workflows; add one with `waybill workflow apply FILE`\n".to_owned();
    }
    let longest = workflows.iter().map(|workflow| workflow.name.len()).max();
    let mut text = String::new();
    for workflow in workflows {
        let versions = match workflow.versions {
            1 => "1 version".to_owned(),
            count => format!("{count} versions"),
        };
        let _ = writeln!(
            text,
            "{:<width$}  version {:<4}  {:.0}  {versions}",
            escape::line(&workflow.name),
            workflow.version,
            workflow.created_at,
            width = longest.unwrap_or(0)
        );
    }
    text
}
