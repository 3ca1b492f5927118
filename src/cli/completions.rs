//! `waybill completions`: a shell completion script.

use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use super::failure::Failure;
use super::output;

/// Print a shell completion script for `waybill`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill completions bash > /etc/bash_completion.d/waybill
  waybill completions zsh > ~/.zfunc/_waybill")]
pub(super) struct Completions {
    /// The shell to complete for.
    shell: Shell,
}

pub(super) fn run(completions: &Completions) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        completions.shell,
        &mut super::definition(),
        "waybill",
        &mut script,
    );
    output::line(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
