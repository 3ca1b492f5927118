//! `waybill publish`: sends events from a file, one JSON document per line, to the broker or over
//! HTTP, and waits for the confirms.

mod counts;
mod http;
mod lines;
mod progress;
mod sending;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::io::{AsyncRead, BufReader};

use self::counts::LineCounts;
use self::lines::{LineBatch, LineFault, Lines};
use self::progress::PublishProgress;
use self::sending::TargetConnection;
use super::failure::{self, Failure};
use super::publish::counts::BatchReport;
use super::remote::Address;
use super::servers::{self, EventTarget};
use super::{Sources, escape, output};

/// The most faults that are reported one by one.
const FAULTS_MAX: u64 = 100;
const NO_FORCE: &str = "--force works only with the broker: over HTTP the server refuses lines with \
                        a fault; omit --force, or --url and the setting client.url";

const NO_TENANT: &str = "--tenant works only with the broker: over HTTP the API key says the tenant; omit --tenant, or \
                         --url and the setting client.url";

/// Publish events, one JSON document per line, and wait for the broker's confirms.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill publish events.jsonl
  generate-events | waybill publish -
  waybill publish events.jsonl --url http://waybill:8080 --key-file key

A line: {\"id\":\"1\",\"source\":\"shop\",\"type\":\"upload.received\",\"token\":\"8a4f0c\",\"data\":{}}

Each line is checked as a worker checks it; a line with a fault is reported with its number and not
sent. Ids come from the file only, so publishing a file twice changes nothing.

To the broker each message names its publisher in the property user_id, the user of broker.url: a rule
(`waybill producer allow`) may be about it.

Over HTTP (--url) the API key determines the tenant, and the server publishes the events and waits
for the confirms.

Exit codes: 0 every line was confirmed, 1 some were not, 2 wrong usage or settings.")]
pub(super) struct Publish {
    /// The file with the events, or - for the standard input.
    file: PathBuf,
    /// Publish lines with a fault too; they become dead letters.
    #[arg(long)]
    force: bool,
    /// Publish to the exchange of this tenant (`waybill tenant add`) instead of waybill.events.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    address: Address,
}

pub(super) async fn run(publish: &Publish, sources: &Sources) -> Result<ExitCode, Failure> {
    let (target, limits) = servers::event_target(&publish.address.over(sources))?;
    if publish.force && matches!(target, EventTarget::Http(_)) {
        return Err(Failure::Usage(NO_FORCE.to_owned()));
    }
    if publish.tenant.is_some() && matches!(target, EventTarget::Http(_)) {
        return Err(Failure::Usage(NO_TENANT.to_owned()));
    }
    let (input, bytes) = open(publish).await?;
    let lines = Lines::new(BufReader::new(input), limits, publish.force);
    let mut sender = Sender {
        connection: TargetConnection::open(target, publish.tenant.clone()).await?,
        counts: LineCounts::default(),
        progress: PublishProgress::new(bytes),
    };
    let outcome = sender.send(lines).await;
    sender.progress.end();
    sender.connection.close().await;
    let counts = sender.counts;
    output::line(&counts.summary())?;
    outcome?;
    Ok(failure::exit_code(counts.all_confirmed()))
}

type Input = Box<dyn AsyncRead + Send + Unpin>;

/// The input, and its length if known.
async fn open(publish: &Publish) -> Result<(Input, Option<u64>), Failure> {
    if publish.file.as_os_str() == "-" {
        return Ok((Box::new(tokio::io::stdin()), None));
    }
    let failed = |error: std::io::Error| {
        Failure::Failed(format!("{} can't be read: {error}", publish.file.display()))
    };
    let file = tokio::fs::File::open(&publish.file).await.map_err(failed)?;
    let metadata = file.metadata().await.map_err(failed)?;
    if metadata.is_dir() {
        return Err(Failure::Failed(format!(
            "{} is a folder; name a file, or - for the standard input",
            publish.file.display()
        )));
    }
    let bytes = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(file), bytes))
}

struct Sender {
    connection: TargetConnection,
    counts: LineCounts,
    progress: PublishProgress,
}

impl Sender {
    /// Sends all lines; reads and checks the next batch while this one is being confirmed.
    async fn send(&mut self, mut lines: Lines<BufReader<Input>>) -> Result<(), Failure> {
        let mut batch = lines.next_batch().await?;
        while !batch.is_empty() {
            self.connection.address(&mut batch.messages);
            self.report(&batch.faults)?;
            self.print_tokens(&batch)?;
            let (report, next) = tokio::join!(self.connection.send(&batch), lines.next_batch());
            self.count(report)?;
            self.progress.advance(batch.bytes, self.counts.confirmed);
            batch = next?;
        }
        Ok(())
    }

    fn report(&mut self, faults: &[LineFault]) -> Result<(), Failure> {
        for fault in faults {
            if !fault.sent {
                self.counts.faulty += 1;
            }
            if self.progress.reported < FAULTS_MAX {
                let text = format!("line {}: {}", fault.line, fault.message);
                self.progress.remark(&escape::line(&text))?;
            } else if self.progress.reported == FAULTS_MAX {
                self.progress.remark("further faults are only counted")?;
            }
            self.progress.reported += 1;
        }
        Ok(())
    }

    /// Prints the tokens that were derived, since the file has none for these lines.
    fn print_tokens(&self, batch: &LineBatch) -> Result<(), Failure> {
        for (line, token) in &batch.tokens {
            let token = escape::line(token);
            self.progress
                .answer(&format!("line {line}: its token is {token}"))?;
        }
        Ok(())
    }

    fn count(&mut self, report: BatchReport) -> Result<(), Failure> {
        self.counts.add(report.counts);
        self.report(&report.faults)?;
        report.failure.map_or(Ok(()), Err)
    }
}
