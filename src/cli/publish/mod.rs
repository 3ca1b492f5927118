//! `waybill publish`: events from a file, one JSON document per line, each confirmed.

mod lines;
mod one;
mod progress;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::io::{AsyncRead, BufReader};

use self::lines::{Batch, Lines};
pub(super) use self::one::one;
use self::progress::Progress;
use super::failure::{FAILED, Failure};
use super::{Sources, escape, output, servers};
use crate::broker::{BrokerError, Publisher, Verdict};

/// How many faults are reported one by one.
const FAULTS_MAX: u64 = 100;

/// Publish events, one JSON document per line, and wait for the broker's confirms.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill publish events.jsonl
  generate-events | waybill publish -

A line: {\"id\":\"1\",\"source\":\"shop\",\"type\":\"upload.received\",\"token\":\"8a4f0c\",\"data\":{}}

Each line is checked as a worker would check it; a line with a fault is reported with its number
and left out. An id is never invented: publishing a file twice changes nothing.

Exit codes: 0 every line was confirmed, 1 some were not, 2 wrong usage or settings.")]
pub(super) struct Publish {
    /// The file with the events, or - for the standard input.
    file: PathBuf,
    /// Publish lines with a fault too; they become dead letters.
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(publish: &Publish, sources: &Sources) -> Result<ExitCode, Failure> {
    let (broker, limits) = servers::publishing(sources)?;
    let (input, bytes) = open(publish).await?;
    let lines = Lines::new(BufReader::new(input), limits, publish.force);
    let connection = servers::broker(&broker).await?;
    let publisher = Publisher::open(&connection, broker.confirm_timeout).await?;
    let mut sender = Sender {
        publisher,
        counts: Counts::default(),
        progress: Progress::new(bytes),
    };
    let outcome = sender.send(lines).await;
    sender.progress.end();
    connection.close().await;
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

/// What became of the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    confirmed: u64,
    nacked: u64,
    unroutable: u64,
    /// Sent, and the broker fell silent.
    unknown: u64,
    /// Left out for their faults.
    faulty: u64,
}

impl Counts {
    fn all_confirmed(self) -> bool {
        let confirmed = self.confirmed;
        self == Self {
            confirmed,
            ..Self::default()
        }
    }

    fn words(self) -> String {
        let mut words = format!("confirmed {}", self.confirmed);
        for (what, count, remedy) in [
            ("left out for a fault", self.faulty, ""),
            ("refused by a full or unreachable queue", self.nacked, ""),
            (
                "taken by no queue",
                self.unroutable,
                " (has `waybill run` ever started?)",
            ),
            (
                "of unknown fate",
                self.unknown,
                " (publish again: repetitions change nothing)",
            ),
        ] {
            if count > 0 {
                words.push_str(&format!("; {what} {count}{remedy}"));
            }
        }
        words
    }
}

struct Sender {
    publisher: Publisher,
    counts: Counts,
    progress: Progress,
}

impl Sender {
    /// The next batch is read and checked while this one is confirmed.
    async fn send(&mut self, mut lines: Lines<BufReader<Input>>) -> Result<(), Failure> {
        let mut batch = lines.next_batch().await?;
        while !batch.is_empty() {
            self.report(&batch)?;
            let (verdicts, next) = tokio::join!(
                self.publisher.publish_all(&batch.messages),
                lines.next_batch()
            );
            self.count(&batch, verdicts)?;
            self.progress.advance(batch.bytes, self.counts.confirmed);
            batch = next?;
        }
        Ok(())
    }

    fn report(&mut self, batch: &Batch) -> Result<(), Failure> {
        for fault in &batch.faults {
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
        for (line, token) in &batch.tokens {
            let token = escape::line(token);
            self.progress
                .answer(&format!("line {line}: its token is {token}"))?;
        }
        Ok(())
    }

    fn count(
        &mut self,
        batch: &Batch,
        verdicts: Result<Vec<Verdict>, BrokerError>,
    ) -> Result<(), Failure> {
        let verdicts = verdicts.inspect_err(|_| {
            self.counts.unknown += u64::try_from(batch.messages.len()).unwrap_or(u64::MAX);
        })?;
        for verdict in verdicts {
            match verdict {
                Verdict::Confirmed => self.counts.confirmed += 1,
                Verdict::Nacked => self.counts.nacked += 1,
                Verdict::Unroutable => self.counts.unroutable += 1,
            }
        }
        Ok(())
    }
}
