//! `waybill run`: the service itself; also starts `waybill dev`, which runs it with private
//! servers.

use std::process::ExitCode;

use clap::Args;

use super::failure::{FAILED, Failure, exit_code};
use super::{Sources, VERBOSE, dev, servers};
use crate::app::{App, End, Roles, Signals};
use crate::config::LogFormat;
use crate::store::StoreError;

/// The log filter of `waybill dev`.
const DEV_FILTER: &str = "info";

/// Consume events, publish completions, and end processes that are due, until SIGTERM or Ctrl-C.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill run
  waybill run --roles worker,relay      and the janitor in another process

Exit codes: 0 all unacknowledged deliveries were processed before the exit, 1 some were not or
something failed, 2 wrong usage or settings.")]
pub(super) struct Run {
    /// The roles of this process, separated by commas: worker, relay, api, janitor [default: all].
    #[arg(long, value_name = "ROLES")]
    roles: Option<Roles>,
}

pub(super) async fn run(run: &Run, sources: &Sources) -> Result<ExitCode, Failure> {
    let settings = servers::settings(sources)?;
    let filter = if sources.verbose {
        VERBOSE
    } else {
        &settings.log.filter
    };
    servers::log(filter, settings.log.format)?;
    // Every client is an open file; if this fails, the current limit bounds the number of clients.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let roles = run.roles.clone().unwrap_or_else(Roles::all);
    let ended = async {
        let app = App::new(settings, roles).await?;
        app.run(Signals::of_process()?).await
    };
    match ended.await {
        Ok(End::Clean) => Ok(ExitCode::SUCCESS),
        Ok(End::Forced) => Ok(ExitCode::from(FAILED)),
        Err(error) => Err(failure(error)),
    }
}

pub(super) async fn dev(dev: dev::Dev, sources: &Sources) -> Result<ExitCode, Failure> {
    let filter = if sources.verbose { VERBOSE } else { DEV_FILTER };
    servers::log(filter, LogFormat::Auto)?;
    match dev::run(dev, &sources.set).await {
        Ok(is_clean) => Ok(exit_code(is_clean)),
        Err(error) => Err(failure(error)),
    }
}

fn failure(error: anyhow::Error) -> Failure {
    let error = match error.downcast::<StoreError>() {
        Ok(error) => return error.into(),
        Err(error) => error,
    };
    match error.downcast_ref::<std::io::Error>() {
        Some(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Failure::OutputClosed,
        Some(_) | None => Failure::Failed(format!("{error:#}")),
    }
}
