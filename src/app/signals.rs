//! Requests to stop: SIGINT, SIGTERM, or a token; the second signal stops at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// The source of requests to stop.
pub struct Signals {
    stop: CancellationToken,
    process: Option<Mutex<(Signal, Signal)>>,
}

impl Signals {
    /// The process's own signals.
    pub fn of_process() -> std::io::Result<Self> {
        let signals = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        Ok(Self {
            stop: CancellationToken::new(),
            process: Some(Mutex::new(signals)),
        })
    }

    /// Only a token, for a run inside another program.
    #[must_use]
    pub fn token(stop: CancellationToken) -> Self {
        Self {
            stop,
            process: None,
        }
    }

    /// Waits for the first request to stop.
    pub async fn first(&self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.signalled() => {}
        }
    }

    /// Waits for the second one: a token has none.
    pub async fn second(&self) {
        self.signalled().await;
    }

    async fn signalled(&self) {
        let Some(process) = &self.process else {
            return std::future::pending().await;
        };
        let mut signals = process.lock().await;
        let (interrupt, terminate) = &mut *signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}
