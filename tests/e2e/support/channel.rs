//! Channels to the broker of any user, in the tests' own hands.

use std::time::Duration;

use lapin::{Channel, Connection, ConnectionProperties};
use tokio::time::timeout;

/// A connection and a channel on it.
pub(crate) async fn open(url: &str) -> (Connection, Channel) {
    let opened = try_open(url).await;
    opened.expect("the user may log in")
}

/// The same; `None` while the broker is away.
pub(crate) async fn try_open(url: &str) -> Option<(Connection, Channel)> {
    let opening = async {
        let connection = Connection::connect(url, ConnectionProperties::default()).await;
        let connection = connection.ok()?;
        let channel = connection.create_channel().await.ok()?;
        Some((connection, channel))
    };
    timeout(Duration::from_secs(5), opening).await.ok()?
}
