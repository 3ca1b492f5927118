//! Rate limits: requests by API key, and attempts with unknown keys by address.
//!
//! Addresses are often those of a proxy, so requests with a valid key are counted by the key alone.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio_util::sync::CancellationToken;

use super::connection_limits::network;
use super::problem::HttpProblem;
use crate::lock::lock;

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
    wrong_keys: Arc<Failures>,
}

impl Rates {
    pub(in crate::http) fn new(allowances: Allowances) -> Self {
        let quota = Quota::per_second;
        Self {
            requests: Arc::new(RateLimiter::keyed(quota(allowances.requests))),
            wrong_keys: Arc::new(Failures::new(allowances.wrong_keys)),
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
            None => Counter::Address(network(peer.0)),
        };
        check(&self.requests, &counter)
    }

    /// Whether another unknown key of this address may be looked up.
    pub(in crate::http) fn may_guess(&self, peer: Peer) -> Result<(), HttpProblem> {
        match self
            .wrong_keys
            .are_too_many(network(peer.0), Instant::now())
        {
            true => Err(HttpProblem::too_often(1)),
            false => Ok(()),
        }
    }

    /// Counts a key that was wrong.
    pub(in crate::http) fn has_guessed(&self, peer: Peer) {
        self.wrong_keys.add(network(peer.0), Instant::now());
    }

    /// Evicts unused counters, until stopped.
    pub(in crate::http) async fn evict(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVICT_EVERY) => {}
            }
            self.requests.retain_recent();
            self.wrong_keys.evict(Instant::now());
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

/// Failures of each address within a second. The limiter of requests would charge good look-ups too.
struct Failures {
    a_second: u32,
    /// How many there were in the second that began then.
    of: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl Failures {
    const WINDOW: Duration = Duration::from_secs(1);

    fn new(a_second: NonZeroU32) -> Self {
        Self {
            a_second: a_second.get(),
            of: Mutex::default(),
        }
    }

    fn are_too_many(&self, address: IpAddr, now: Instant) -> bool {
        let of = lock(&self.of);
        of.get(&address)
            .is_some_and(|(since, count)| now < *since + Self::WINDOW && *count >= self.a_second)
    }

    fn add(&self, address: IpAddr, now: Instant) {
        let mut of = lock(&self.of);
        let (since, count) = of.entry(address).or_insert((now, 0));
        if now >= *since + Self::WINDOW {
            (*since, *count) = (now, 0);
        }
        *count += 1;
    }

    fn evict(&self, now: Instant) {
        lock(&self.of).retain(|_, (since, _)| now < *since + Self::WINDOW);
    }
}
