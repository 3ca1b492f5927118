//! `waybill watch`: follows one process until it ends.

mod poll;

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use self::poll::ProcessPoll;
use super::failure::{self, Failure};
use super::get::text;
use super::output::{self, Style};
use super::remote::Address;
use super::{Sources, escape, servers};
use crate::domain::Status;
use crate::view::record::StepView;

/// The shortest time between two polls.
const POLL_INTERVAL_MIN: Duration = Duration::from_millis(300);
/// How long the server may be unreachable before the command fails.
const UNREACHABLE_MAX: Duration = Duration::from_secs(60);

const WARNING: u8 = 10;
const ERROR: u8 = 11;
const CANCELLED: u8 = 12;
const TIMEOUT: u8 = 13;

/// Follow a process until it ends: print new history and progress.
///
/// It also waits for a token that has no events yet.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill watch 8a4f0c
  waybill watch 8a4f0c --timeout 10m && deploy
  waybill watch 8a4f0c --url http://waybill:8080 --key-file key

Exit codes: 0 done, 10 warning, 11 error, 12 cancelled, 13 it did not end within the timeout,
1 failed, 2 wrong usage or settings, 4 the process has been deleted.")]
pub(super) struct Watch {
    /// The token of the process.
    token: String,
    /// Give up after this long, such as 30s or 10m [default: never].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
    #[command(flatten)]
    address: Address,
}

pub(super) async fn run(watch: &Watch, sources: &Sources) -> Result<ExitCode, Failure> {
    let client = servers::client(&watch.address.over(sources))?;
    let follower = Follower {
        process: ProcessPoll::new(client, &watch.token),
        summary: None,
        style: Style::of_stdout(),
    };
    let ended = match watch.timeout {
        None => follower.run(watch).await?,
        Some(limit) => match tokio::time::timeout(limit, follower.run(watch)).await {
            Ok(ended) => ended?,
            Err(_) => {
                output::remark("the process has not ended within the timeout")?;
                return Ok(ExitCode::from(TIMEOUT));
            }
        },
    };
    Ok(exit_code(ended.as_str()))
}

/// The result of one poll.
struct WatchPoll {
    /// The new lines of history.
    steps: Vec<StepView>,
    summary: String,
    status: String,
    has_ended: bool,
    /// Whether more history is available already.
    more: bool,
}

struct Follower {
    process: ProcessPoll,
    summary: Option<String>,
    style: Style,
}

impl Follower {
    /// Follows the process and returns its final status.
    async fn run(mut self, watch: &Watch) -> Result<String, Failure> {
        let mut reported_unknown = false;
        loop {
            match self.process.poll().await? {
                Some(poll) => {
                    self.show(&poll)?;
                    if poll.more {
                        continue;
                    }
                    if poll.has_ended {
                        return Ok(poll.status);
                    }
                }
                None if !reported_unknown => {
                    let token = escape::line(&watch.token);
                    output::remark(&format!("no events for {token} yet; waiting"))?;
                    reported_unknown = true;
                }
                None => {}
            }
            let pause = tokio::time::sleep(POLL_INTERVAL_MIN);
            self.process.wait().await;
            pause.await;
        }
    }

    fn show(&mut self, poll: &WatchPoll) -> Result<(), Failure> {
        for step in &poll.steps {
            output::line(&text::step_line(step, self.style))?;
        }
        let summary = text::summary(&poll.summary, &poll.status, self.style);
        if !poll.more && self.summary.as_ref() != Some(&summary) {
            output::line(&summary)?;
            self.summary = Some(summary);
        }
        Ok(())
    }
}

fn exit_code(status: &str) -> ExitCode {
    match Status::from_name(status) {
        Some(Status::Done) => ExitCode::SUCCESS,
        Some(Status::Warning) => ExitCode::from(WARNING),
        Some(Status::Error) => ExitCode::from(ERROR),
        Some(Status::Cancelled) => ExitCode::from(CANCELLED),
        Some(Status::Waiting | Status::Running) | None => ExitCode::from(failure::FAILED),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "write a number with its unit, such as 30s or 10m".to_owned())?;
    Duration::try_from(duration).map_err(|_| "a timeout is not negative".to_owned())
}
