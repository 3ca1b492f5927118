//! `waybill completions`: a script that completes the command line in a shell.

use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use super::failure::Failure;
use super::output;

/// Print a script that completes `waybill` on the command line of a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill completions bash > /etc/bash_completion.d/waybill
  waybill completions zsh > ~/.zfunc/_waybill")]
pub(super) struct Completions {
    /// The shell.
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
