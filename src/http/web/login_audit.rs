//! Logins, logouts and wrong keys in the audit, whose table no client can fill: the first of a key from an
//! address gets a row, and the others within a minute get one row with their number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::connection_limits::network;
use super::rate_limit::Peer;
use crate::lock::lock;
use crate::store::Store;
use crate::store::actor::{Actor, ActorKind};
use crate::store::admin::api_key;
use crate::store::admin::audit::{Act, Action};

/// What is counted together for how long.
const WINDOW: Duration = Duration::from_secs(60);
/// How often counts are looked through.
const EVERY: Duration = Duration::from_secs(5);
/// Most of what is counted separately; beyond that addresses are counted together.
const SEPARATE_MAX: usize = 256;
const OTHERS: &str = "other addresses";
const NO_KEY: &str = "no known key";

/// Records logins, and counts those that get no row of their own.
#[derive(Clone)]
pub(in crate::http) struct LoginAudit {
    primary: Store,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts(HashMap<Subject, Counted>);

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Subject {
    action: Action,
    actor: Actor,
    tenant: Option<String>,
}

struct Counted {
    since: Instant,
    /// How many followed the first one.
    more: u64,
}

impl LoginAudit {
    pub(in crate::http) fn new(primary: Store) -> Self {
        Self {
            primary,
            counts: Arc::default(),
        }
    }

    /// Counts an act; returns whether it is one more, which needs no row of its own.
    pub(super) fn is_repeated(&self, action: Action, actor: &Actor, tenant: Option<&str>) -> bool {
        let mut subject = Subject {
            action,
            actor: actor.clone(),
            tenant: tenant.map(str::to_owned),
        };
        if let Ok(address) = actor.origin.parse() {
            subject.actor.origin = network(address).to_string();
        }
        lock(&self.counts).add(subject, Instant::now())
    }

    /// Records a wrong key: the id of one that was valid or is another's, never its text.
    pub(super) async fn failed(&self, key: &str, why: &str, tenant: Option<&str>, peer: Peer) {
        let mut actor = Actor {
            kind: ActorKind::Anonymous,
            name: String::new(),
            origin: peer.0.to_string(),
            reason: None,
        };
        if self.is_repeated(Action::LoginFailed, &actor, tenant) {
            return;
        }
        actor.reason = Some(why.to_owned());
        let act = Act {
            action: Action::LoginFailed,
            object: api_key::id_of(key).unwrap_or(NO_KEY),
            tenant,
        };
        self.announce(actor, act).await;
    }

    /// Records each minute what was counted.
    pub(in crate::http) async fn record(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => self.record_due(WINDOW).await,
            }
        }
    }

    /// Records what was counted for so long.
    pub(super) async fn record_due(&self, after: Duration) {
        let due = lock(&self.counts).due(after, Instant::now());
        for (subject, more) in due {
            let act = Act {
                action: subject.action,
                object: &format!("{more} more within a minute"),
                tenant: subject.tenant.as_deref(),
            };
            self.announce(subject.actor, act).await;
        }
    }

    async fn announce(&self, actor: Actor, act: Act<'_>) {
        if let Err(error) = self.primary.acting(actor).announce(act).await {
            // The request is answered anyway, and the metrics count it.
            tracing::warn!(%error, action = act.action.name(), "an act was not recorded in the audit");
        }
    }
}

impl Counts {
    /// Counts one; returns whether it was counted with an earlier one.
    fn add(&mut self, mut subject: Subject, now: Instant) -> bool {
        if self.0.len() >= SEPARATE_MAX && !self.0.contains_key(&subject) {
            OTHERS.clone_into(&mut subject.actor.origin);
        }
        if let Some(known) = self.0.get_mut(&subject) {
            known.more += 1;
            return true;
        }
        self.0.insert(subject, Counted::from(now));
        false
    }

    /// The counts to record; what goes on is counted further without another first row.
    fn due(&mut self, after: Duration, now: Instant) -> Vec<(Subject, u64)> {
        let is_due = |counted: &Counted| now.duration_since(counted.since) >= after;
        let due = self.0.extract_if(|_, counted| is_due(counted));
        let due = due.map(|(subject, counted)| (subject, counted.more));
        let due: Vec<_> = due.filter(|(_, more)| *more > 0).collect();
        let next = due.iter().map(|(subject, _)| subject.clone());
        self.0
            .extend(next.map(|subject| (subject, Counted::from(now))));
        due
    }
}

impl From<Instant> for Counted {
    fn from(since: Instant) -> Self {
        Self { since, more: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(origin: &str) -> Subject {
        Subject {
            action: Action::LoginFailed,
            actor: Actor {
                origin: origin.to_owned(),
                ..Actor::default()
            },
            tenant: None,
        }
    }

    #[test]
    fn what_goes_on_gets_one_row_each_minute() {
        let (mut counts, start) = (Counts::default(), Instant::now());
        let minute = |n: u32| start + WINDOW * n;
        let mut add = |now| counts.add(from("192.0.2.7"), now);
        assert!(!add(start));
        assert!(add(start) && add(start));
        assert_eq!(counts.due(WINDOW, start), []);
        assert_eq!(counts.due(WINDOW, minute(1)), [(from("192.0.2.7"), 2)]);
        assert!(counts.add(from("192.0.2.7"), minute(1)));
        assert_eq!(counts.due(WINDOW, minute(2)), [(from("192.0.2.7"), 1)]);
        // After a minute without any it is new.
        assert_eq!(counts.due(WINDOW, minute(3)), []);
        assert!(!counts.add(from("192.0.2.7"), minute(3)));
    }

    #[test]
    fn many_addresses_are_counted_together() {
        let (mut counts, now) = (Counts::default(), Instant::now());
        let first = (0..1_000).filter(|n| !counts.add(from(&format!("192.0.2.{n}")), now));
        assert_eq!(first.count(), SEPARATE_MAX + 1);
        assert_eq!(counts.due(WINDOW, now + WINDOW), [(from(OTHERS), 743)]);
    }
}
