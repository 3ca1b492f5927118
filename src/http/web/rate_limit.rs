//! Rate limits: requests by API key, and attempts with unknown keys by address.
//!
//! Addresses are often those of a proxy, so requests with a valid key are counted by the key alone.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio_util::sync::CancellationToken;

use super::connection_limits::LimitedListener;
use super::problem::HttpProblem;

/// How often unused counters are evicted.
const EVICT_EVERY: Duration = Duration::from_secs(30);

/// Requests per second.
#[derive(Debug, Clone, Copy)]
pub struct Allowances {
    /// Of one key, or of one address while there are no keys.
    pub requests: NonZeroU32,
    /// With an unknown key, of one address.
    pub wrong_keys: NonZeroU32,
}

/// The client's address.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Peer(pub(in crate::http) IpAddr);

/// What requests are counted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Counter {
    Key(String),
    Address(IpAddr),
}

/// All counters.
#[derive(Clone)]
pub(in crate::http) struct Rates {
    requests: Arc<DefaultKeyedRateLimiter<Counter>>,
    wrong_keys: Arc<DefaultKeyedRateLimiter<IpAddr>>,
}

impl Rates {
    pub(in crate::http) fn new(allowances: Allowances) -> Self {
        let quota = Quota::per_second;
        Self {
            requests: Arc::new(RateLimiter::keyed(quota(allowances.requests))),
            wrong_keys: Arc::new(RateLimiter::keyed(quota(allowances.wrong_keys))),
        }
    }

    /// Counts an authenticated request.
    pub(in crate::http) fn request(
        &self,
        key: Option<&str>,
        peer: Peer,
    ) -> Result<(), HttpProblem> {
        let counter = match key {
            Some(key) => Counter::Key(key.to_owned()),
            None => Counter::Address(peer.0),
        };
        check(&self.requests, &counter)
    }

    /// Counts the lookup of a key that may be a guess.
    pub(in crate::http) fn guess(&self, peer: Peer) -> Result<(), HttpProblem> {
        check(&self.wrong_keys, &peer.0)
    }

    /// Evicts unused counters, until stopped.
    pub(in crate::http) async fn evict(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVICT_EVERY) => {}
            }
            self.requests.retain_recent();
            self.wrong_keys.retain_recent();
        }
    }
}

fn check<K: std::hash::Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    counter: &K,
) -> Result<(), HttpProblem> {
    limiter.check_key(counter).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        HttpProblem::too_often(wait.as_secs() + 1)
    })
}

impl Connected<IncomingStream<'_, LimitedListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, LimitedListener>) -> Self {
        Self(stream.remote_addr().ip())
    }
}
