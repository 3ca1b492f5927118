//! `waybill doctor`: checks settings, database, broker, file store and listeners, also for what is too
//! open, and names the remedies.

mod broker;
mod broker_users;
mod database;
mod feed;
mod files;
mod finding;
mod listeners;
mod management;
mod policies;
mod privileges;
#[cfg(test)]
mod tests;
mod trust;

use std::process::ExitCode;

use clap::Args;

use self::finding::Finding;
use super::failure::{self, Failure};
use super::output::{self, Style};
use super::{Sources, servers};

/// Check settings, database, broker, file store and listeners, also for what is too open; print the
/// remedy for each problem.
///
/// It changes no data: it creates and deletes a queue and an exchange of its own on the broker, and
/// a file of its own in the file store.
#[derive(Debug, Args)]
#[command(after_help = "\
Each line begins with ok, note (was not checked), warn or FAIL; the line below it names the remedy.

Exit codes: 0 no line begins with FAIL, 1 at least one does.")]
pub(super) struct Doctor {}

pub(super) async fn run(sources: &Sources) -> Result<ExitCode, Failure> {
    let style = Style::of_stdout();
    let settings = match servers::load(sources) {
        Ok(loaded) => {
            print_findings(
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
            print_findings(&findings, style)?;
            return Ok(failure::exit_code(false));
        }
    };
    let database = database::examine(&settings).await;
    print_findings(&database, style)?;
    let tenancy = database::tenancy(&settings).await;
    let broker = broker::examine(&settings, &tenancy).await;
    print_findings(&broker, style)?;
    let files = files::examine(&settings).await;
    print_findings(&files, style)?;
    print_findings(&listeners::examine(&settings), style)?;
    let findings = database.iter().chain(&broker).chain(&files);
    let failed = { findings }.any(Finding::is_fail);
    Ok(failure::exit_code(!failed))
}

fn settings_fault(fault: &crate::config::Fault) -> Finding {
    let origin = fault.origin.as_ref().map(|origin| format!(" ({origin})"));
    let message = format!(
        "{}{}: {}",
        fault.key,
        origin.unwrap_or_default(),
        fault.problem
    );
    let remedy = fault
        .allowed
        .as_ref()
        .map(|allowed| format!("allowed: {allowed}"));
    Finding::fail("settings", message).remedy(remedy)
}

fn print_findings(findings: &[Finding], style: Style) -> Result<(), Failure> {
    for finding in findings {
        output::line(&finding.render(style))?;
    }
    Ok(())
}
