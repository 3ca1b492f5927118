//! How often somebody may ask: requests by key, and wrong keys by address.
//!
//! Addresses are often those of a proxy, so whoever has a good key is counted by the key alone.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use tokio_util::sync::CancellationToken;

use super::connection_limits::Guard;
use super::problem::HttpProblem;

/// How often what nobody uses any more is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(30);

/// How many requests a second are granted.
#[derive(Debug, Clone, Copy)]
pub struct Allowances {
    /// To one key, or to one address where there are no keys.
    pub requests: NonZeroU32,
    /// With a wrong key, to one address.
    pub wrong_keys: NonZeroU32,
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Peer(pub(in crate::http) IpAddr);

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Key(String),
    Address(IpAddr),
}

/// The counts of everybody.
#[derive(Clone)]
pub(in crate::http) struct Rates {
    requests: Arc<DefaultKeyedRateLimiter<Who>>,
    wrong_keys: Arc<DefaultKeyedRateLimiter<IpAddr>>,
}

impl Rates {
    pub(in crate::http) fn new(allowances: Allowances) -> Self {
        let limiter = Quota::per_second;
        Self {
            requests: Arc::new(DefaultKeyedRateLimiter::keyed(limiter(allowances.requests))),
            wrong_keys: Arc::new(DefaultKeyedRateLimiter::keyed(limiter(
                allowances.wrong_keys,
            ))),
        }
    }

    /// Counts a request that was let in.
    pub(in crate::http) fn request(
        &self,
        key: Option<&str>,
        peer: Peer,
    ) -> Result<(), HttpProblem> {
        let who = match key {
            Some(key) => Who::Key(key.to_owned()),
            None => Who::Address(peer.0),
        };
        check(&self.requests, &who)
    }

    /// Counts a look at a key that may be a guess.
    pub(in crate::http) fn guess(&self, peer: Peer) -> Result<(), HttpProblem> {
        check(&self.wrong_keys, &peer.0)
    }

    /// Forgets those who have not asked for a while, until told to stop.
    pub(in crate::http) async fn forget(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(FORGET_EVERY) => {}
            }
            self.requests.retain_recent();
            self.wrong_keys.retain_recent();
        }
    }
}

fn check<K: std::hash::Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    who: &K,
) -> Result<(), HttpProblem> {
    limiter.check_key(who).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        HttpProblem::too_often(wait.as_secs() + 1)
    })
}

impl Connected<IncomingStream<'_, Guard>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Guard>) -> Self {
        Self(stream.remote_addr().ip())
    }
}
