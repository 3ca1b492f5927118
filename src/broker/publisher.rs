//! Publishes messages and waits for the broker's verdict on each.

use std::time::Duration;

use super::window::{Answer, Unanswered, Verdict, Window};
use super::{BrokerError, Connection, Outgoing};

/// How many messages are in flight at a time.
pub const WINDOW: usize = 500;

/// A channel in confirm mode, owned by the one task that publishes on it.
#[derive(Debug)]
pub struct Publisher {
    /// `None` while a batch is in flight: a dropped call would leave confirms behind that look like
    /// those of the next batch.
    window: Option<Window>,
    confirm_timeout: Duration,
}

impl Publisher {
    /// Opens a channel for publishing. The broker must never be silent for `confirm_timeout` while
    /// confirms are due.
    ///
    /// # Errors
    ///
    /// If the connection has ended or the broker does not answer.
    pub async fn open(conn: &Connection, confirm_timeout: Duration) -> Result<Self, BrokerError> {
        Ok(Self {
            window: Some(Window::open(conn).await?),
            confirm_timeout,
        })
    }

    /// Whether it can publish; not after an error, or after a call was dropped half-way.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.window.as_ref().is_some_and(Window::is_open)
    }

    /// Publishes `batch` and waits for the broker's verdict on each message; the
    /// verdicts are in the order of the messages.
    ///
    /// # Errors
    ///
    /// If the broker does not answer or the channel ends. Then the outcome of every message of the
    /// batch is unknown, even of those it had confirmed, and the publisher can't be used again.
    pub async fn publish_all(&mut self, batch: &[Outgoing]) -> Result<Vec<Verdict>, BrokerError> {
        let usable = self.window.take().filter(Window::is_open);
        let Some(mut window) = usable else {
            return Err(BrokerError::Lost(
                "the publishing channel has ended".to_owned(),
            ));
        };
        match exchange(&mut window, batch, self.confirm_timeout).await {
            Ok(verdicts) => {
                self.window = Some(window);
                Ok(verdicts)
            }
            Err(error) => {
                window.close().await;
                Err(error)
            }
        }
    }
}

async fn exchange(
    window: &mut Window,
    batch: &[Outgoing],
    limit: Duration,
) -> Result<Vec<Verdict>, BrokerError> {
    let mut verdicts = vec![Verdict::Nacked; batch.len()];
    let (mut open, mut waiting) = (0, batch.iter().zip(0_u64..));
    loop {
        while open < WINDOW
            && let Some((message, number)) = waiting.next()
        {
            window.publish(number, message.clone());
            open += 1;
        }
        if open == 0 {
            return Ok(verdicts);
        }
        let (number, answer) = next(window, limit).await?;
        open -= 1;
        let verdict = match answer {
            Ok(verdict) => verdict,
            Err(unanswered) => return Err(cause(window, unanswered, limit).await),
        };
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(place) = verdicts.get_mut(place) {
            *place = verdict;
        }
    }
}

/// Why the channel ended: the answers to earlier messages name the reason, those to unsent ones
/// don't.
async fn cause(window: &mut Window, first: Unanswered, limit: Duration) -> BrokerError {
    let mut cause = first;
    while let Unanswered::Lost(_) = cause
        && let Ok((_, answer)) = next(window, limit).await
    {
        if let Err(refused @ Unanswered::Refused(_)) = answer {
            cause = refused;
        }
    }
    cause.into_error()
}

async fn next(window: &mut Window, limit: Duration) -> Result<(u64, Answer), BrokerError> {
    match tokio::time::timeout(limit, window.next()).await {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => Err(BrokerError::Lost("a confirm is missing".to_owned())),
        Err(_) => Err(BrokerError::Timeout {
            what: "a publisher confirm",
            limit,
        }),
    }
}
