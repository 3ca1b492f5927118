//! `waybill watch`: follows one process until it ends, in the database or over HTTP.

mod database;
mod remote;

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use self::database::Stored;
use self::remote::RemoteWatch;
use super::failure::{self, Failure};
use super::get::text;
use super::output::{self, Style};
use super::remote::Address;
use super::servers::{self, Records};
use super::{Sources, escape};
use crate::domain::{DEFAULT_TENANT, ProcessKey, Status};
use crate::view::record::StepView;

/// How often is asked at most.
const EVERY: Duration = Duration::from_millis(300);
/// How long who is asked may be away before that ends the watching.
const PATIENCE: Duration = Duration::from_secs(60);

const WARNING: u8 = 10;
const ERROR: u8 = 11;
const CANCELLED: u8 = 12;
const TIMEOUT: u8 = 13;

/// Follow a process until it ends: each new line of history and each progress as it comes.
///
/// It also waits for a token that has no events yet.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill watch 8a4f0c
  waybill watch 8a4f0c --timeout 10m && deploy
  waybill watch 8a4f0c --url http://waybill:8080 --key-file key

Exit codes tell how it ended: 0 done, 10 warning, 11 error, 12 cancelled, 13 it did not end within
the timeout; and as ever 1 failed, 2 wrong usage or settings, 4 over HTTP a token that is not kept
any more.")]
pub(super) struct Watch {
    /// The token of the process.
    token: String,
    /// Who owns the process [default: default].
    #[arg(long)]
    tenant: Option<String>,
    /// Give up after this long, such as 30s or 10m [default: never].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
    #[command(flatten)]
    address: Address,
}

pub(super) async fn run(watch: &Watch, sources: &Sources) -> Result<ExitCode, Failure> {
    let follower = Follower {
        process: watch.process(sources)?,
        summary: None,
        style: Style::of_stdout(),
    };
    let ended = match watch.timeout {
        None => follower.run(watch).await?,
        Some(limit) => match tokio::time::timeout(limit, follower.run(watch)).await {
            Ok(ended) => ended?,
            Err(_) => {
                output::remark("it has not ended within the timeout")?;
                return Ok(ExitCode::from(TIMEOUT));
            }
        },
    };
    Ok(exit_code(ended.as_str()))
}

/// A look at a process.
struct WatchPoll {
    /// What is new of its history.
    steps: Vec<StepView>,
    summary: String,
    status: String,
    has_ended: bool,
    /// Whether there is more history to look at, at once.
    more: bool,
}

/// The process, wherever it is.
enum Watched {
    Stored(Stored),
    Remote(RemoteWatch),
}

impl Watch {
    fn process(&self, sources: &Sources) -> Result<Watched, Failure> {
        let sources = self.address.over(sources);
        let tenant = servers::tenant(self.tenant.as_deref(), &sources)?;
        Ok(match servers::records(&sources)? {
            Records::Store(store) => {
                Watched::Stored(Stored::new(store, ProcessKey::of(tenant, &self.token)))
            }
            Records::Http(client) => Watched::Remote(RemoteWatch::new(client, &self.token)),
        })
    }
}

impl Watched {
    /// A look; nothing if nobody ever spoke of the process.
    async fn look(&mut self) -> Result<Option<WatchPoll>, Failure> {
        match self {
            Self::Stored(stored) => stored.look().await,
            Self::Remote(remote) => remote.look().await,
        }
    }

    fn unknown(&self, watch: &Watch) -> String {
        let token = escape::line(&watch.token);
        let tenant = watch.tenant.as_deref().unwrap_or(DEFAULT_TENANT);
        let tenant = match self {
            Self::Stored(_) => format!(" of tenant {}", escape::line(tenant)),
            Self::Remote(_) => String::new(),
        };
        format!("no events for {token}{tenant} yet; waiting")
    }

    /// Waits until another look is worth it.
    async fn pause(&self) {
        let pause = tokio::time::sleep(EVERY);
        if let Self::Remote(remote) = self {
            remote.wait().await;
        }
        pause.await;
    }
}

struct Follower {
    process: Watched,
    summary: Option<String>,
    style: Style,
}

impl Follower {
    /// The status with which it ends.
    async fn run(mut self, watch: &Watch) -> Result<String, Failure> {
        let mut told_unknown = false;
        loop {
            match self.process.look().await? {
                Some(look) => {
                    self.show(&look)?;
                    if look.more {
                        continue;
                    }
                    if look.has_ended {
                        return Ok(look.status);
                    }
                }
                None if !told_unknown => {
                    output::remark(&self.process.unknown(watch))?;
                    told_unknown = true;
                }
                None => {}
            }
            self.process.pause().await;
        }
    }

    fn show(&mut self, look: &WatchPoll) -> Result<(), Failure> {
        for step in &look.steps {
            output::line(&text::step_line(step, self.style))?;
        }
        let summary = text::summary(&look.summary, &look.status, self.style);
        if !look.more && self.summary.as_ref() != Some(&summary) {
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
