//! `waybill watch`: follows one process until it ends.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use super::failure::{self, Failure};
use super::get::text;
use super::output::Style;
use super::{Sources, escape, output, servers};
use crate::backoff::Backoff;
use crate::core::DEFAULT_TENANT;
use crate::core::{ProcessKey, Status};
use crate::store::cursor::Cursor;
use crate::store::watch::Glance;
use crate::store::{Store, StoreError};

/// How often the database is asked.
const EVERY: Duration = Duration::from_millis(300);
/// How long the database may be away before that ends the watching.
const PATIENCE: Duration = Duration::from_secs(60);

const WARNING: u8 = 10;
const ERROR: u8 = 11;
const CANCELLED: u8 = 12;
const TIMEOUT: u8 = 13;

/// Follow a process until it ends: each new line of history and each progress as it comes.
///
/// A token that nobody has spoken of yet is waited for.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill watch 8a4f0c
  waybill watch 8a4f0c --timeout 10m && deploy

Exit codes tell how it ended: 0 done, 10 warning, 11 error, 12 cancelled, 13 it did not end within
the timeout; and as ever 1 failed, 2 wrong usage or settings.")]
pub(super) struct Watch {
    /// The token of the process.
    token: String,
    /// Who owns the process.
    #[arg(long, default_value = DEFAULT_TENANT)]
    tenant: String,
    /// Give up after this long, such as 30s or 10m [default: never].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
}

pub(super) async fn run(watch: &Watch, sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    let follower = Follower::new(&store, ProcessKey::of(&watch.tenant, &watch.token));
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
    Ok(exit_code(ended))
}

struct Follower<'a> {
    store: &'a Store,
    key: ProcessKey,
    place: Cursor,
    summary: Option<String>,
    style: Style,
}

impl<'a> Follower<'a> {
    fn new(store: &'a Store, key: ProcessKey) -> Self {
        Self {
            store,
            key,
            place: Cursor::default(),
            summary: None,
            style: Style::of_stdout(),
        }
    }

    async fn run(mut self, watch: &Watch) -> Result<Status, Failure> {
        let mut told_unknown = false;
        loop {
            match self.look().await? {
                Some(glance) => {
                    self.show(&glance)?;
                    if !glance.more
                        && let Some(ended) = &glance.process.ended
                    {
                        return Ok(ended.status);
                    }
                    if glance.more {
                        continue;
                    }
                }
                None if !told_unknown => {
                    let (token, tenant) = (escape::line(&watch.token), escape::line(&watch.tenant));
                    output::remark(&format!(
                        "nobody has spoken of {token} of tenant {tenant} yet; waiting"
                    ))?;
                    told_unknown = true;
                }
                None => {}
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// A database that is away for a while does not end the watching.
    async fn look(&self) -> Result<Option<Glance>, Failure> {
        let began = Instant::now();
        let mut backoff = Backoff::new();
        loop {
            match self.store.glance(self.key, self.place).await {
                Ok(glance) => return Ok(glance),
                Err(error) if passes(&error) && began.elapsed() < PATIENCE => {
                    tracing::debug!(%error, "the database is asked again");
                    tokio::time::sleep(backoff.next()).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn show(&mut self, glance: &Glance) -> Result<(), Failure> {
        self.place = glance.place;
        for step in &glance.steps {
            output::line(&text::step_line(step, self.style))?;
        }
        let summary = text::summary(&glance.process, glance.created_at, self.style);
        if !glance.more && self.summary.as_ref() != Some(&summary) {
            output::line(&summary)?;
            self.summary = Some(summary);
        }
        Ok(())
    }
}

/// Whether the same question may be answered later: no server, or one that comes or goes.
fn passes(error: &StoreError) -> bool {
    match error {
        StoreError::Unavailable(_) | StoreError::Timeout => true,
        StoreError::Database(_) => {
            let class = error.state().and_then(|state| state.code().get(..2));
            class.is_none_or(|class| matches!(class, "08" | "53" | "57"))
        }
        StoreError::Removed
        | StoreError::Corrupt(_)
        | StoreError::Settings(_)
        | StoreError::NoRandomness
        | StoreError::Migration(_) => false,
    }
}

fn exit_code(status: Status) -> ExitCode {
    match status {
        Status::Done => ExitCode::SUCCESS,
        Status::Warning => ExitCode::from(WARNING),
        Status::Error => ExitCode::from(ERROR),
        Status::Cancelled => ExitCode::from(CANCELLED),
        Status::Waiting | Status::Running => ExitCode::from(failure::FAILED),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "write a number with its unit, such as 30s or 10m".to_owned())?;
    Duration::try_from(duration).map_err(|_| "a timeout is not negative".to_owned())
}
