//! `waybill config`: the settings in effect and the origin of each.

use std::process::ExitCode;

use clap::Args;

use super::failure::Failure;
use super::{Sources, escape, output, servers};

/// Show every setting in effect and its origin; secrets are not shown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill config
  waybill config --set batch.events=500
  WAYBILL_DATABASE__URL_FILE=/run/secrets/database waybill config")]
pub(super) struct Config {}

pub(super) fn run(sources: &Sources) -> Result<ExitCode, Failure> {
    let mut text = String::new();
    for setting in servers::load(sources)?.effective {
        text.push_str(&escape::line(&setting.to_string()));
        text.push('\n');
    }
    output::line(&text)?;
    Ok(ExitCode::SUCCESS)
}
