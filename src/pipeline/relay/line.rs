//! A connection to publish on.

use tokio::task::JoinSet;

use super::Relay;
use crate::broker::{self, Answer, BrokerError, Connection, Window};
use crate::telemetry::Telemetry;

/// A connection to publish on, and what shows whether the broker blocks it.
pub(super) struct Line {
    pub(super) connection: Connection,
    pub(super) window: Window,
    _blocked: JoinSet<()>,
}

impl Line {
    /// Connects.
    pub(super) async fn open(relay: &Relay) -> Result<Self, BrokerError> {
        let connection = broker::connect(&relay.broker, "waybill publish").await?;
        let window = Window::open(&connection).await?;
        Ok(Self::new(connection, window, &relay.telemetry))
    }

    fn new(connection: Connection, window: Window, telemetry: &Telemetry) -> Self {
        let mut blocked = connection.blocked();
        let telemetry = telemetry.clone();
        let mut watching = JoinSet::new();
        watching.spawn(async move {
            while blocked.changed().await.is_ok() {
                telemetry.publisher_blocked(*blocked.borrow_and_update());
            }
        });
        Self {
            connection,
            window,
            _blocked: watching,
        }
    }

    /// Whether the broker takes nothing on it at present.
    pub(super) fn is_blocked(&self) -> bool {
        *self.connection.blocked().borrow()
    }
}

/// The next answer.
pub(super) async fn next(line: &mut Option<Line>) -> Option<(u64, Answer)> {
    line.as_mut()?.window.next().await
}
