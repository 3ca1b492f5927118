//! Sends a batch to the broker or over HTTP, and reports the outcomes.

use super::counts::BatchReport;
use super::http::EventPoster;
use super::lines::LineBatch;
use crate::broker::tenant_exchanges::events_exchange;
use crate::broker::{BrokerError, Connection, Outgoing, Publisher, Verdict};
use crate::cli::failure::Failure;
use crate::cli::servers::{self, EventTarget};

/// The broker as a target.
pub(super) struct BrokerTarget {
    connection: Connection,
    publisher: Publisher,
    /// The tenant whose exchange the events go to; without it the shared one.
    tenant: Option<String>,
}

/// A connection to the target of the events.
pub(super) enum TargetConnection {
    /// The broker.
    Broker(Box<BrokerTarget>),
    /// The HTTP API.
    Http(EventPoster),
}

impl TargetConnection {
    pub(super) async fn open(target: EventTarget, tenant: Option<String>) -> Result<Self, Failure> {
        match target {
            EventTarget::Broker(settings) => {
                let connection = servers::broker(&settings).await?;
                let publisher = Publisher::open(&connection, settings.confirm_timeout).await?;
                Ok(Self::Broker(Box::new(BrokerTarget {
                    connection,
                    publisher,
                    tenant,
                })))
            }
            EventTarget::Http(client) => Ok(Self::Http(EventPoster::new(client))),
        }
    }

    /// Adds to messages for the broker who publishes them, and to which exchange.
    pub(super) fn address(&self, messages: &mut [Outgoing]) {
        let Self::Broker(broker) = self else {
            return;
        };
        let exchange = broker.tenant.as_deref().map(events_exchange);
        for message in messages {
            message.properties.user_id = broker.connection.user().map(str::to_owned);
            if let Some(exchange) = &exchange {
                message.exchange.clone_from(exchange);
            }
        }
    }

    pub(super) async fn send(&mut self, batch: &LineBatch) -> BatchReport {
        match self {
            Self::Broker(broker) => {
                let verdicts = broker.publisher.publish_all(&batch.messages).await;
                report(batch, verdicts)
            }
            Self::Http(poster) => poster.send(batch).await,
        }
    }

    pub(super) async fn close(self) {
        match self {
            Self::Broker(broker) => broker.connection.close().await,
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
