//! Scrapes a worker repeatedly while something else happens: every scrape must balance, and
//! contain neither secrets nor payloads.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::ground::Ground;
use super::ops::Scrape;
use super::worker::Worker;
use super::{checker, ops};

/// How soon the loss of a server must show.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);

/// A poller of one worker.
pub(crate) struct Watch {
    polling: JoinSet<Vec<Scrape>>,
    stop: CancellationToken,
}

impl Watch {
    pub(crate) fn of(worker: &Worker) -> Self {
        let stop = CancellationToken::new();
        let mut polling = JoinSet::new();
        polling.spawn(poll(worker.address(), stop.clone()));
        Self { polling, stop }
    }

    /// Stops polling and checks every scrape.
    pub(crate) async fn check(mut self, ground: &Ground) {
        self.stop.cancel();
        let scrapes = self
            .polling
            .join_next()
            .await
            .expect("one poller")
            .expect("no panic");
        assert!(scrapes.len() > 20, "only {} scrapes", scrapes.len());
        for scrape in &scrapes {
            assert_eq!(scrape.imbalance(), 0, "{}", scrape.text());
            checker::assert_clean(ground, scrape.text(), "a scrape");
        }
    }
}

/// Waits until the worker says that it is not ready, which must not take long.
pub(crate) async fn assert_shown(worker: &Worker, since: Instant) {
    worker.reports(503).await;
    assert!(
        since.elapsed() < SHOWN_WITHIN,
        "it took {:?} to show",
        since.elapsed()
    );
}

async fn poll(address: SocketAddr, stop: CancellationToken) -> Vec<Scrape> {
    let mut scrapes = Vec::new();
    while !stop.is_cancelled() {
        if let Some(answer) = ops::get(address, "/metrics").await {
            scrapes.push(Scrape::new(answer.body));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    scrapes
}
