//! The health of this process: conditions for readiness, and heartbeats of its loops.
//!
//! State only: the loops report it, the ops listener shows it; nothing here queries the database.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::lock::lock;

/// A loop without a heartbeat for this long counts as stuck.
pub const STUCK_AFTER: Duration = Duration::from_secs(60);

named! {
    /// A condition for this process to be ready; its name is the text while it does not hold.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Condition {
        /// The broker is connected.
        BrokerConnected = "broker not connected",
        /// The database is connected.
        DatabaseConnected = "database not connected",
        /// The database is not read-only.
        DatabaseWritable = "database is read-only",
        /// The database accepts the workers' writes.
        DatabaseAccepting = "database does not accept writes",
        /// The schema has the version that this program needs.
        MigrationsCurrent = "migrations not current",
        /// Messages are being consumed.
        Consuming = "not consuming",
    }
}

/// The health of this process; clones share it.
#[derive(Debug, Clone)]
pub struct Health(Arc<State>);

#[derive(Debug)]
struct State {
    required: Vec<Condition>,
    holds: [AtomicBool; Condition::ALL.len()],
    /// Why some of them do not hold.
    reasons: Mutex<BTreeMap<usize, String>>,
    draining: AtomicBool,
    loops: Mutex<BTreeMap<&'static str, Instant>>,
}

impl Health {
    /// No condition holds yet; only `required` ones matter for the roles of this process.
    #[must_use]
    pub fn new(required: &[Condition]) -> Self {
        Self(Arc::new(State {
            required: required.to_vec(),
            holds: Default::default(),
            reasons: Mutex::default(),
            draining: AtomicBool::new(false),
            loops: Mutex::default(),
        }))
    }

    /// Sets whether a condition holds.
    pub fn set(&self, condition: Condition, holds: bool) {
        lock(&self.0.reasons).remove(&(condition as usize));
        self.flag(condition, holds);
    }

    fn flag(&self, condition: Condition, holds: bool) {
        if let Some(flag) = self.0.holds.get(condition as usize) {
            flag.store(holds, Ordering::Release);
        }
    }

    /// Sets that a condition does not hold, and why.
    pub fn fails(&self, condition: Condition, why: String) {
        lock(&self.0.reasons).insert(condition as usize, why);
        self.flag(condition, false);
    }

    /// Sets that this process is stopping; it will not be ready again.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// Whether work can be sent here.
    ///
    /// # Errors
    ///
    /// What is missing, as texts for operators.
    pub fn ready(&self) -> Result<(), Vec<String>> {
        let draining = self.0.draining.load(Ordering::Acquire);
        let required = self.0.required.iter().copied();
        let failing = required.filter(|condition| !self.holds(*condition));
        let missing: Vec<String> = draining
            .then(|| "draining".to_owned())
            .into_iter()
            .chain(failing.map(|condition| self.complaint(condition)))
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(missing)
        }
    }

    /// The heartbeat of a loop; the first one registers it.
    ///
    /// An idle loop needs heartbeats too, well within [`STUCK_AFTER`].
    pub fn beat(&self, name: &'static str) {
        lock(&self.0.loops).insert(name, Instant::now());
    }

    /// Removes a loop that has ended on purpose.
    pub fn retire(&self, name: &'static str) {
        lock(&self.0.loops).remove(name);
    }

    /// Whether every registered loop has had a recent heartbeat.
    ///
    /// # Errors
    ///
    /// The names of the loops that have not.
    pub fn live(&self, now: Instant) -> Result<(), Vec<&'static str>> {
        let stuck: Vec<&'static str> = lock(&self.0.loops)
            .iter()
            .filter(|(_, beat)| now.saturating_duration_since(**beat) >= STUCK_AFTER)
            .map(|(name, _)| *name)
            .collect();
        if stuck.is_empty() { Ok(()) } else { Err(stuck) }
    }

    fn complaint(&self, condition: Condition) -> String {
        let complaint = condition.name();
        match lock(&self.0.reasons).get(&(condition as usize)) {
            Some(why) => format!("{complaint} ({why})"),
            None => complaint.to_owned(),
        }
    }

    /// Whether a condition holds.
    #[must_use]
    pub fn holds(&self, condition: Condition) -> bool {
        let flag = self.0.holds.get(condition as usize);
        flag.is_some_and(|flag| flag.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_names_what_is_missing() {
        let health = Health::new(&[Condition::DatabaseConnected, Condition::Consuming]);
        assert_eq!(
            health.ready(),
            Err(vec![
                "database not connected".to_owned(),
                "not consuming".to_owned()
            ])
        );
        health.set(Condition::DatabaseConnected, true);
        health.set(Condition::Consuming, true);
        assert_eq!(health.ready(), Ok(()));
        health.set(Condition::Consuming, false);
        assert_eq!(health.ready(), Err(vec!["not consuming".to_owned()]));
        health.fails(Condition::Consuming, "a queue is silent".to_owned());
        let named = "not consuming (a queue is silent)".to_owned();
        assert_eq!(health.ready(), Err(vec![named]));
        health.set(Condition::Consuming, true);
        health.drain();
        assert_eq!(health.ready(), Err(vec!["draining".to_owned()]));
    }

    #[test]
    fn a_loop_that_is_stuck_is_named() {
        let health = Health::new(&[]);
        health.beat("intake");
        health.beat("janitor");
        let soon = Instant::now() + STUCK_AFTER / 2;
        let late = Instant::now() + STUCK_AFTER * 2;
        assert_eq!(health.live(soon), Ok(()));
        assert_eq!(health.live(late), Err(vec!["intake", "janitor"]));
        health.retire("janitor");
        assert_eq!(health.live(late), Err(vec!["intake"]));
    }
}
