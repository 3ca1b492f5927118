//! `waybill publish`: events from a file, one JSON document per line, each confirmed, by the broker
//! or over HTTP.

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

use self::counts::Counts;
use self::lines::{Batch, LineFault, Lines};
use self::progress::PublishProgress;
use self::sending::Sending;
use super::failure::{FAILED, Failure};
use super::publish::counts::BatchReport;
use super::remote::Address;
use super::servers::{self, Events};
use super::{Sources, escape, output};
/// How many faults are reported one by one.
const FAULTS_MAX: u64 = 100;
const NO_FORCE: &str =
    "--force needs the broker: over HTTP a line with a fault is refused, and nobody keeps it";

/// Publish events, one JSON document per line, and wait for the broker's confirms.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill publish events.jsonl
  generate-events | waybill publish -
  waybill publish events.jsonl --url http://waybill:8080 --key-file key

A line: {\"id\":\"1\",\"source\":\"shop\",\"type\":\"upload.received\",\"token\":\"8a4f0c\",\"data\":{}}

Each line is checked as a worker would check it; a line with a fault is reported with its number
and left out. An id is never invented: publishing a file twice changes nothing.

Over HTTP (--url) the key says whose the processes are, and the server publishes and waits for the
confirms.

Exit codes: 0 every line was confirmed, 1 some were not, 2 wrong usage or settings.")]
pub(super) struct Publish {
    /// The file with the events, or - for the standard input.
    file: PathBuf,
    /// Publish lines with a fault too; they become dead letters.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    address: Address,
}

pub(super) async fn run(publish: &Publish, sources: &Sources) -> Result<ExitCode, Failure> {
    let (to, limits) = servers::events(&publish.address.over(sources))?;
    if publish.force && matches!(to, Events::Http(_)) {
        return Err(Failure::Usage(NO_FORCE.to_owned()));
    }
    let (input, bytes) = open(publish).await?;
    let lines = Lines::new(BufReader::new(input), limits, publish.force);
    let mut sender = Sender {
        sending: Sending::begin(to).await?,
        counts: Counts::default(),
        progress: PublishProgress::new(bytes),
    };
    let outcome = sender.send(lines).await;
    sender.progress.end();
    sender.sending.end().await;
    let counts = sender.counts;
    output::line(&counts.words())?;
    outcome?;
    Ok(if counts.all_confirmed() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

type Input = Box<dyn AsyncRead + Send + Unpin>;

/// The input, and how long it is where that is known.
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
            "{} is a folder",
            publish.file.display()
        )));
    }
    let bytes = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(file), bytes))
}

struct Sender {
    sending: Sending,
    counts: Counts,
    progress: PublishProgress,
}

impl Sender {
    /// The next batch is read and checked while this one is confirmed.
    async fn send(&mut self, mut lines: Lines<BufReader<Input>>) -> Result<(), Failure> {
        let mut batch = lines.next_batch().await?;
        while !batch.is_empty() {
            self.report(&batch.faults)?;
            self.name(&batch)?;
            let (sent, next) = tokio::join!(self.sending.send(&batch), lines.next_batch());
            self.count(sent)?;
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
                let text = format!("line {}: {}", fault.line, fault.said);
                self.progress.remark(&escape::line(&text))?;
            } else if self.progress.reported == FAULTS_MAX {
                self.progress.remark("more faults are counted only")?;
            }
            self.progress.reported += 1;
        }
        Ok(())
    }

    fn name(&self, batch: &Batch) -> Result<(), Failure> {
        for (line, token) in &batch.tokens {
            let token = escape::line(token);
            self.progress
                .answer(&format!("line {line}: its token is {token}"))?;
        }
        Ok(())
    }

    fn count(&mut self, sent: BatchReport) -> Result<(), Failure> {
        self.counts.add(sent.counts);
        self.report(&sent.faults)?;
        sent.failure.map_or(Ok(()), Err)
    }
}
