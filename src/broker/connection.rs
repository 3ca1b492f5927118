//! A connection to the broker: opened once, watched until it ends, never recovered.

use std::{
    net::{Shutdown, TcpStream},
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::{Stream, StreamExt};
use lapin::{ConnectionStatus, Event};
use secrecy::ExposeSecret;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::dial::{self, Dialled};
use super::error::{request, within};
use super::{BrokerError, address, size, tls};
use crate::config::BrokerSettings;

/// How often the state is polled in case an event was missed; also the maximum delay of
/// [`Connection::ended`].
const POLL_EVERY: Duration = Duration::from_millis(500);
/// How long a connection may take to close before its socket is shut down.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// An open connection. Dropping it closes it; the broker requeues its unacknowledged deliveries.
#[derive(Debug)]
pub struct Connection {
    inner: lapin::Connection,
    blocked: watch::Receiver<bool>,
    ended: CancellationToken,
    reason: Arc<OnceLock<BrokerError>>,
    user: Option<String>,
    _watcher: JoinSet<()>,
}

/// Makes one attempt to connect; `name` is the connection's name in the broker's own tools.
///
/// # Errors
///
/// Why it could not connect, and the remedy if an operator has to act.
pub async fn connect(settings: &BrokerSettings, name: &str) -> Result<Connection, BrokerError> {
    let uri = address::parse(settings.url.expose_secret(), settings.heartbeat)?;
    // With another mechanism the broker knows the user by its certificate.
    let has_password = uri.query.auth_mechanism.is_none();
    let user = has_password.then(|| uri.authority.userinfo.username.clone());
    let tls = tls::client_config(settings, &uri)?;
    let dialled = dial::dial(uri, tls, name, settings.connect_timeout).await?;
    Ok(Connection::watched(dialled, user))
}

impl Connection {
    fn watched(dialled: Dialled, user: Option<String>) -> Self {
        let Dialled { connection, socket } = dialled;
        let status = connection.status().clone();
        let (blocked_sender, blocked) = watch::channel(status.blocked());
        let watch = Watch {
            status,
            socket,
            blocked: blocked_sender,
            ended: CancellationToken::new(),
            reason: Arc::default(),
        };
        let (ended, reason) = (watch.ended.clone(), Arc::clone(&watch.reason));
        let mut watcher = JoinSet::new();
        watcher.spawn(watch.run(connection.events_listener()));
        Self {
            inner: connection,
            blocked,
            ended,
            reason,
            user,
            _watcher: watcher,
        }
    }

    /// The user it has logged in as, as far as its address says: what the broker accepts as the
    /// property `user_id`.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Opens a channel.
    ///
    /// # Errors
    ///
    /// If the connection has ended or does not answer in time.
    pub async fn channel(&self) -> Result<lapin::Channel, BrokerError> {
        request("opening a channel", self.inner.create_channel()).await
    }

    /// Checks whether the broker answers a request that involves no queue.
    ///
    /// # Errors
    ///
    /// If the connection has ended or does not answer in time.
    pub async fn ping(&self) -> Result<(), BrokerError> {
        let channel = self.channel().await?;
        request("closing a channel", channel.close(200, "OK".into())).await
    }

    /// The maximum length of a message's properties: the content header must fit into one frame.
    pub(super) fn properties_max(&self) -> usize {
        let frame = self.inner.configuration().frame_max();
        size::properties_max(usize::try_from(frame).unwrap_or(usize::MAX))
    }

    /// Whether the connection is open, as far as the client library has noticed.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.inner.status().connected() && !self.ended.is_cancelled()
    }

    /// Whether the broker has stopped reading from this connection because it is short of memory
    /// or disk. Publishing waits meanwhile.
    #[must_use]
    pub fn blocked(&self) -> watch::Receiver<bool> {
        self.blocked.clone()
    }

    /// Becomes cancelled once the connection has ended, for whatever reason.
    #[must_use]
    pub fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    /// Why the connection has ended, unless its owner closed it.
    #[must_use]
    pub fn end_reason(&self) -> Option<BrokerError> {
        self.reason.get().cloned()
    }

    /// Closes the connection in order, and shuts its socket down if that takes longer than two
    /// seconds.
    pub async fn close(&self) {
        let close = self.inner.close(200, "OK".into());
        if let Err(error) = within("closing the connection", CLOSE_TIMEOUT, close).await {
            tracing::debug!(%error, "broker connection did not close cleanly");
        }
        self.ended.cancel();
    }
}

/// The state of the watching task: not the connection itself, which it would keep open.
struct Watch {
    status: ConnectionStatus,
    socket: Option<TcpStream>,
    blocked: watch::Sender<bool>,
    ended: CancellationToken,
    reason: Arc<OnceLock<BrokerError>>,
}

impl Watch {
    async fn run(self, events: impl Stream<Item = Event> + Send) {
        self.until_ended(events).await;
        self.blocked.send_replace(false);
        self.ended.cancel();
        // The library waits for a vanished peer to answer its close; this lets its thread end.
        if let Some(socket) = self.socket {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    async fn until_ended(&self, events: impl Stream<Item = Event> + Send) {
        let mut events = pin!(events);
        let mut closing = Closing::default();
        loop {
            self.show_blocked();
            if self.status.errored() || self.status.closed() || closing.is_stuck(&self.status) {
                return;
            }
            tokio::select! {
                event = events.next() => match event {
                    Some(event) => self.note(&event),
                    None => return,
                },
                () = self.ended.cancelled() => return,
                () = tokio::time::sleep(POLL_EVERY) => {}
            }
        }
    }

    fn show_blocked(&self) {
        let now = self.status.blocked();
        self.blocked
            .send_if_modified(|shown| std::mem::replace(shown, now) != now);
    }

    /// Errors of single channels come as events too; only those of the connection end it.
    fn note(&self, event: &Event) {
        if let Event::Error(error) = event
            && !self.status.connected()
        {
            let _ = self.reason.set(BrokerError::on("the connection", error));
        }
    }
}

/// Detects a connection that started to close and does not finish.
#[derive(Default)]
struct Closing {
    since: Option<tokio::time::Instant>,
}

impl Closing {
    fn is_stuck(&mut self, status: &ConnectionStatus) -> bool {
        if !status.closing() {
            return false;
        }
        let since = *self.since.get_or_insert_with(tokio::time::Instant::now);
        since.elapsed() > CLOSE_TIMEOUT
    }
}
