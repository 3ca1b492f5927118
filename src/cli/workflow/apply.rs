//! `waybill workflow apply` and `check`: store or check workflow files.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::files;
use crate::cli::failure::Failure;
use crate::cli::{Sources, output, servers};

/// Store workflows in the database; a changed workflow becomes a new version.
#[derive(Debug, Args)]
#[command(after_help = "\
All files are checked first: if one has a fault, nothing is applied, and every fault is reported as
FILE:LINE: message. A file whose workflow equals the newest version creates no new version.

Exit codes: 0 ok, 1 failed or a file has faults, 2 wrong usage or settings.")]
pub(super) struct Apply {
    /// The files, one workflow each.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Check workflow files; needs neither settings nor a database.
#[derive(Debug, Args)]
#[command(after_help = "\
Every fault is reported as FILE:LINE: message.

Exit codes: 0 all files are valid, 1 a file has faults, 2 wrong usage.")]
pub(super) struct Check {
    /// The files, one workflow each.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) async fn run(apply: &Apply, sources: &Sources) -> Result<ExitCode, Failure> {
    let files = files::read(&apply.files, "; nothing was applied")?;
    let workflows: Vec<_> = files
        .iter()
        .map(|file| (file.workflow.name.as_str(), file.source.as_str()))
        .collect();
    for applied in servers::store(sources)?.apply_workflows(&workflows).await? {
        let what = if applied.is_new {
            "applied"
        } else {
            "unchanged"
        };
        output::line(&format!(
            "{} version {} {what}",
            applied.name, applied.version
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn check(check: &Check) -> Result<ExitCode, Failure> {
    for file in files::read(&check.files, "")? {
        let workflow = &file.workflow;
        let stages = match workflow.stages.len() {
            1 => "1 stage".to_owned(),
            count => format!("{count} stages"),
        };
        output::line(&format!("{} is valid, {stages}", workflow.name))?;
    }
    Ok(ExitCode::SUCCESS)
}
