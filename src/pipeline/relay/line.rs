//! The connection that the channels of the normal lane share, opened when one of them needs it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::task::JoinSet;

use super::Relay;
use crate::backoff::Backoff;
use crate::broker::{self, BrokerError, Connection, Window};
use crate::telemetry::{RetryReason, Telemetry};

/// Opens the connection, and opens it again when it was given up.
pub(super) struct SharedConnection {
    relay: Relay,
    current: tokio::sync::Mutex<Current>,
}

struct Current {
    line: Option<Arc<ChannelConnection>>,
    backoff: Backoff,
    /// Not before then another connection is tried.
    away_until: Instant,
    closing: JoinSet<()>,
}

/// A connection to publish on, and what shows whether it works.
pub(super) struct ChannelConnection {
    pub(super) connection: Connection,
    opened: Instant,
    /// When that one of the confirmed messages was published that was published last.
    confirmed: Mutex<Instant>,
    _blocked: JoinSet<()>,
}

impl SharedConnection {
    pub(super) fn new(relay: Relay) -> Self {
        let current = Current {
            line: None,
            backoff: Backoff::new(),
            away_until: Instant::now(),
            closing: JoinSet::new(),
        };
        Self {
            relay,
            current: tokio::sync::Mutex::new(current),
        }
    }

    /// A new channel; fails with the time before which it is no use to try again.
    pub(super) async fn channel(&self) -> Result<(Arc<ChannelConnection>, Window), Instant> {
        let line = self.line().await?;
        match Window::open(&line.connection).await {
            Ok(window) => Ok((line, window)),
            Err(error) => {
                self.relay.telemetry.retried(RetryReason::Confirm, &error);
                Err(self.give_up(&line).await)
            }
        }
    }

    async fn line(&self) -> Result<Arc<ChannelConnection>, Instant> {
        let mut current = self.current.lock().await;
        if let Some(line) = &current.line {
            if line.connection.is_connected() {
                return Ok(Arc::clone(line));
            }
            current.retire();
        }
        if current.away_until > Instant::now() {
            return Err(current.away_until);
        }
        match ChannelConnection::open(&self.relay).await {
            Ok(line) => Ok(Arc::clone(current.line.insert(Arc::new(line)))),
            Err(error) => {
                self.relay.telemetry.retried(RetryReason::Confirm, &error);
                current.wait();
                Err(current.away_until)
            }
        }
    }

    /// Gives a connection up without waiting until it is closed; says before which time it is no
    /// use to try another one.
    pub(super) async fn give_up(&self, line: &Arc<ChannelConnection>) -> Instant {
        let mut current = self.current.lock().await;
        if current
            .line
            .as_ref()
            .is_some_and(|now| Arc::ptr_eq(now, line))
        {
            current.retire();
        }
        current.away_until
    }

    /// Closes the connection.
    pub(super) async fn end(&self) {
        let mut current = self.current.lock().await;
        current.retire();
        std::mem::take(&mut current.closing).join_all().await;
    }
}

impl Current {
    fn retire(&mut self) {
        while self.closing.try_join_next().is_some() {}
        if let Some(line) = self.line.take() {
            if line.has_confirmed_since(line.opened) {
                self.backoff.reset();
            }
            self.wait();
            self.closing
                .spawn(async move { line.connection.close().await });
        }
    }

    fn wait(&mut self) {
        self.away_until = Instant::now() + self.backoff.next();
    }
}

impl ChannelConnection {
    async fn open(relay: &Relay) -> Result<Self, BrokerError> {
        let connection = broker::connect(&relay.broker, "waybill publish").await?;
        let opened = Instant::now();
        Ok(Self {
            _blocked: watch(&connection, &relay.telemetry),
            connection,
            opened,
            confirmed: Mutex::new(opened),
        })
    }

    /// Whether the broker takes nothing on it at present.
    pub(super) fn is_blocked(&self) -> bool {
        *self.connection.blocked().borrow()
    }

    /// Notes that a message published at that time was confirmed.
    pub(super) fn confirmed(&self, published: Instant) {
        let mut confirmed = self
            .confirmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *confirmed = published.max(*confirmed);
    }

    /// Whether a message published later than that was confirmed, on any channel.
    pub(super) fn has_confirmed_since(&self, published: Instant) -> bool {
        *self
            .confirmed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            > published
    }
}

fn watch(connection: &Connection, telemetry: &Telemetry) -> JoinSet<()> {
    let mut blocked = connection.blocked();
    let telemetry = telemetry.clone();
    let mut watching = JoinSet::new();
    watching.spawn(async move {
        while blocked.changed().await.is_ok() {
            telemetry.publisher_blocked(*blocked.borrow_and_update());
        }
    });
    watching
}
