//! The connection that the channels of the normal lane share, opened when one of them needs it.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::task::JoinSet;

use super::Relay;
use crate::backoff::Backoff;
use crate::broker::{self, BrokerError, Connection, Window};
use crate::lock::lock;
use crate::telemetry::{RetryReason, Telemetry};

/// Opens the connection, and reopens it after it was closed.
pub(super) struct SharedConnection {
    relay: Relay,
    current: tokio::sync::Mutex<Current>,
}

struct Current {
    connection: Option<Arc<ChannelConnection>>,
    backoff: Backoff,
    /// No other connection is opened before this time.
    away_until: Instant,
    closing: JoinSet<()>,
}

/// A connection to publish on, and whether it works.
pub(super) struct ChannelConnection {
    pub(super) inner: Connection,
    opened: Instant,
    /// When the newest confirmed message was published.
    confirmed: Mutex<Instant>,
    _blocked: JoinSet<()>,
}

impl SharedConnection {
    pub(super) fn new(relay: Relay) -> Self {
        let current = Current {
            connection: None,
            backoff: Backoff::new(),
            away_until: Instant::now(),
            closing: JoinSet::new(),
        };
        Self {
            relay,
            current: tokio::sync::Mutex::new(current),
        }
    }

    /// A new channel; fails with the earliest time to try again.
    pub(super) async fn channel(&self) -> Result<(Arc<ChannelConnection>, Window), Instant> {
        let connection = self.connection().await?;
        match Window::open(&connection.inner).await {
            Ok(window) => Ok((connection, window)),
            Err(error) => {
                self.relay.telemetry.retried(RetryReason::Confirm, &error);
                Err(self.give_up(&connection).await)
            }
        }
    }

    async fn connection(&self) -> Result<Arc<ChannelConnection>, Instant> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &current.connection {
            if connection.inner.is_connected() {
                return Ok(Arc::clone(connection));
            }
            current.retire();
        }
        if current.away_until > Instant::now() {
            return Err(current.away_until);
        }
        match ChannelConnection::open(&self.relay).await {
            Ok(connection) => Ok(Arc::clone(current.connection.insert(Arc::new(connection)))),
            Err(error) => {
                self.relay.telemetry.retried(RetryReason::Confirm, &error);
                current.wait();
                Err(current.away_until)
            }
        }
    }

    /// Closes a connection without waiting for it; returns the earliest time to open another
    /// one.
    pub(super) async fn give_up(&self, connection: &Arc<ChannelConnection>) -> Instant {
        let mut current = self.current.lock().await;
        if current
            .connection
            .as_ref()
            .is_some_and(|now| Arc::ptr_eq(now, connection))
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
        if let Some(connection) = self.connection.take() {
            if connection.has_confirmed_since(connection.opened) {
                self.backoff.reset();
            }
            self.wait();
            self.closing
                .spawn(async move { connection.inner.close().await });
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
            inner: connection,
            opened,
            confirmed: Mutex::new(opened),
        })
    }

    /// Whether the broker has blocked it (`connection.blocked`).
    pub(super) fn is_blocked(&self) -> bool {
        *self.inner.blocked().borrow()
    }

    /// A message published at that time was confirmed.
    pub(super) fn confirmed(&self, published: Instant) {
        let mut confirmed = lock(&self.confirmed);
        *confirmed = published.max(*confirmed);
    }

    /// Whether a message published later than that was confirmed, on any channel.
    pub(super) fn has_confirmed_since(&self, published: Instant) -> bool {
        *lock(&self.confirmed) > published
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
