//! Sends a batch to the broker or over HTTP, and reports the outcomes.

use super::counts::BatchReport;
use super::http::EventPoster;
use super::lines::LineBatch;
use crate::broker::{BrokerError, Connection, Publisher, Verdict};
use crate::cli::failure::Failure;
use crate::cli::servers::{self, EventTarget};

/// A connection to the target of the events.
pub(super) enum TargetConnection {
    /// The broker.
    Broker(Box<(Connection, Publisher)>),
    /// The HTTP API.
    Http(EventPoster),
}

impl TargetConnection {
    pub(super) async fn open(target: EventTarget) -> Result<Self, Failure> {
        match target {
            EventTarget::Broker(settings) => {
                let connection = servers::broker(&settings).await?;
                let publisher = Publisher::open(&connection, settings.confirm_timeout).await?;
                Ok(Self::Broker(Box::new((connection, publisher))))
            }
            EventTarget::Http(client) => Ok(Self::Http(EventPoster::new(client))),
        }
    }

    pub(super) async fn send(&mut self, batch: &LineBatch) -> BatchReport {
        match self {
            Self::Broker(broker) => report(batch, broker.1.publish_all(&batch.messages).await),
            Self::Http(poster) => poster.send(batch).await,
        }
    }

    pub(super) async fn close(self) {
        match self {
            Self::Broker(broker) => broker.0.close().await,
            Self::Http(_) => {}
        }
    }
}

fn report(batch: &LineBatch, verdicts: Result<Vec<Verdict>, BrokerError>) -> BatchReport {
    let mut report = BatchReport::default();
    match verdicts {
        Ok(verdicts) => {
            for verdict in verdicts {
                match verdict {
                    Verdict::Confirmed => report.counts.confirmed += 1,
                    Verdict::Nacked => report.counts.nacked += 1,
                    Verdict::Unroutable => report.counts.unroutable += 1,
                }
            }
        }
        Err(error) => {
            report.counts.unknown = u64::try_from(batch.messages.len()).unwrap_or(u64::MAX);
            report.failure = Some(error.into());
        }
    }
    report
}
