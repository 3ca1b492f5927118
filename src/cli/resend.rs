//! `waybill resend`: sends completions again.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use super::failure::{self, Failure};
use super::{Sources, output, servers};
use crate::domain::{DEFAULT_TENANT, ProcessKey, Status};
use crate::pipeline::resend::{Resend as Job, Resent};
use crate::store::admin::resend::EndedBetween;

/// Failures that are listed; all are counted.
const LISTED_MAX: usize = 20;

/// Send completions again: the same id and the same body, as long as their processes are kept.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill resend --token 8a4f0c
  waybill resend --since 2026-11-21T20:00:00Z --until 2026-11-21T22:30:00Z --dry-run
  waybill resend --since 2026-11-21T20:00:00Z --status error --status warning --rate 20

--since and --until select the processes that Waybill ended in that time. The command writes their
completions to the outbox; a running relay (`waybill run --roles relay`) publishes them one by one
at the rate, each without the header cursor. Copies to reply_to are not sent again.

Exit codes: 0 ok, 1 some completions could not be created from their records, 2 wrong usage or
settings, 4 no such token, or its process has not ended.")]
pub(super) struct Resend {
    /// The completion of this token.
    #[arg(long, required_unless_present = "since", conflicts_with_all = ["since", "until", "status"])]
    token: Option<String>,
    /// Completions of processes that ended at or after this time, such as 2026-11-21T20:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Completions of processes that ended before this time [default: now].
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<Timestamp>,
    /// Only processes with this status; repeatable.
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status: Vec<Status>,
    /// Only processes of this tenant [default: `default` with --token, all tenants with --since].
    #[arg(long)]
    tenant: Option<String>,
    /// Publish at most N completions per second.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// Send nothing; print how many there are.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(resend: &Resend, sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    let mut job = Job::new(&store, resend.rate, resend.dry_run);
    match (&resend.token, resend.since) {
        (Some(token), _) => {
            let tenant = resend.tenant.as_deref().unwrap_or(DEFAULT_TENANT);
            if !job.one(ProcessKey::of(tenant, token)).await? {
                return Err(Failure::Unknown(format!(
                    "no process with the token {token} has ended and can be read; see `waybill get`"
                )));
            }
        }
        (None, since) => {
            let query = EndedBetween {
                since: since.unwrap_or(Timestamp::MIN),
                until: resend.until.unwrap_or(Timestamp::MAX),
                tenant: resend.tenant.clone(),
                statuses: resend.status.clone(),
            };
            job.all(&query).await?;
        }
    }
    let done = job.done();
    output::line(&words(&done, resend.dry_run, resend.rate))?;
    for (token, why) in done.failed.iter().take(LISTED_MAX) {
        output::line(&format!("{token}: {why}"))?;
    }
    Ok(failure::exit_code(done.failed.is_empty()))
}

fn words(done: &Resent, dry_run: bool, rate: u32) -> String {
    let by_status = output::counts(&done.by_status);
    let sum = done.sum();
    let mut words = match dry_run {
        true => format!("would send {sum}"),
        false => format!("{sum} to be sent at {rate} per second"),
    };
    if !by_status.is_empty() {
        words.push_str(&format!(": {by_status}"));
    }
    for (what, count) in [
        ("already in the outbox", done.pending),
        (
            "could not be created from their records",
            done.failed.len() as u64,
        ),
    ] {
        if count > 0 {
            words.push_str(&format!("; {what} {count}"));
        }
    }
    words
}

fn status(name: &str) -> Result<Status, String> {
    let known = Status::from_name(name).filter(|status| status.is_final());
    known.ok_or_else(|| "must be done, warning, error or cancelled".to_owned())
}
