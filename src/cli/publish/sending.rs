//! The two ways on which a batch is sent, and what became of it.

use super::counts::BatchReport;
use super::http::Posted;
use super::lines::Batch;
use crate::broker::{BrokerError, Connection, Publisher, Verdict};
use crate::cli::failure::Failure;
use crate::cli::servers::{self, Events};

/// A way to the queues.
pub(super) enum Sending {
    /// To the broker.
    Broker(Box<(Connection, Publisher)>),
    /// Over HTTP.
    Http(Posted),
}

impl Sending {
    pub(super) async fn begin(to: Events) -> Result<Self, Failure> {
        match to {
            Events::Broker(settings) => {
                let connection = servers::broker(&settings).await?;
                let publisher = Publisher::open(&connection, settings.confirm_timeout).await?;
                Ok(Self::Broker(Box::new((connection, publisher))))
            }
            Events::Http(client) => Ok(Self::Http(Posted::new(client))),
        }
    }

    pub(super) async fn send(&mut self, batch: &Batch) -> BatchReport {
        match self {
            Self::Broker(line) => judge(batch, line.1.publish_all(&batch.messages).await),
            Self::Http(posted) => posted.send(batch).await,
        }
    }

    pub(super) async fn end(self) {
        match self {
            Self::Broker(line) => line.0.close().await,
            Self::Http(_) => {}
        }
    }
}

fn judge(batch: &Batch, verdicts: Result<Vec<Verdict>, BrokerError>) -> BatchReport {
    let mut sent = BatchReport::default();
    match verdicts {
        Ok(verdicts) => {
            for verdict in verdicts {
                match verdict {
                    Verdict::Confirmed => sent.counts.confirmed += 1,
                    Verdict::Nacked => sent.counts.nacked += 1,
                    Verdict::Unroutable => sent.counts.unroutable += 1,
                }
            }
        }
        Err(error) => {
            sent.counts.unknown = u64::try_from(batch.messages.len()).unwrap_or(u64::MAX);
            sent.failure = Some(error.into());
        }
    }
    sent
}
