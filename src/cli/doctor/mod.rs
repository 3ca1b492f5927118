//! `waybill doctor`: looks at settings, database, broker and the store of files, and says how to mend what is wrong.

mod broker;
mod database;
mod feed;
mod files;
mod finding;
mod policies;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::Args;

use self::finding::Finding;
use super::failure::{FAILED, Failure};
use super::output::{self, Style};
use super::{Sources, servers};

/// Check settings, database, broker and files; say how to fix what is wrong.
///
/// Changes nothing: on the broker it makes a queue and an exchange of its own and deletes them, where
/// files are kept a file.
#[derive(Debug, Args)]
#[command(after_help = "\
Each line begins with ok, note, warn or FAIL; below it stands how to mend it.

Exit codes: 0 nothing failed, 1 something did.")]
pub(super) struct Doctor {}

pub(super) async fn run(sources: &Sources) -> Result<ExitCode, Failure> {
    let style = Style::of_stdout();
    let settings = match servers::load(sources) {
        Ok(loaded) => {
            say(
                &[Finding::ok(
                    "settings",
                    format!("{} in effect", loaded.effective.len()),
                )],
                style,
            )?;
            loaded.settings
        }
        Err(faults) => {
            let findings: Vec<_> = faults.0.iter().map(settings_fault).collect();
            say(&findings, style)?;
            return Ok(ExitCode::from(FAILED));
        }
    };
    let database = database::examine(&settings).await;
    say(&database, style)?;
    let broker = broker::examine(&settings).await;
    say(&broker, style)?;
    let files = files::examine(&settings).await;
    say(&files, style)?;
    let findings = database.iter().chain(&broker).chain(&files);
    let failed = { findings }.any(Finding::is_fail);
    Ok(if failed {
        ExitCode::from(FAILED)
    } else {
        ExitCode::SUCCESS
    })
}

fn settings_fault(fault: &crate::config::Fault) -> Finding {
    let origin = fault.origin.as_ref().map(|origin| format!(" ({origin})"));
    let said = format!(
        "{}{}: {}",
        fault.key,
        origin.unwrap_or_default(),
        fault.problem
    );
    let remedy = fault
        .allowed
        .as_ref()
        .map(|allowed| format!("allowed: {allowed}"));
    Finding::fail("settings", said).mend(remedy)
}

fn say(findings: &[Finding], style: Style) -> Result<(), Failure> {
    for finding in findings {
        output::line(&finding.render(style))?;
    }
    Ok(())
}
