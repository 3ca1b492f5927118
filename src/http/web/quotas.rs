//! The quotas of tenants: read every few seconds with what is used of them, and counted on in between.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::problem::HttpProblem;
use crate::domain::quota::Quota;
use crate::lock::lock;
use crate::store::admin::quota::Usage;
use crate::store::{Store, StoreError};

/// How often they are read.
const READ_EVERY: Duration = Duration::from_secs(5);

/// All quotas, and what is used of each.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Quotas(Arc<Mutex<HashMap<String, Used>>>);

/// The use of one quota.
#[derive(Debug)]
struct Used {
    quota: Quota,
    /// As the database said, and what was added here since.
    usage: Usage,
    /// How many events are granted; negative after a large request.
    events: f64,
    /// When `events` was true.
    at: Instant,
}

impl Quotas {
    /// Reads them until stopped.
    pub(in crate::http) async fn follow(self, store: Store, stop: CancellationToken) {
        loop {
            if let Err(error) = self.read(&store).await {
                // What was read before stays in force.
                tracing::warn!(%error, "quotas of tenants, or what they use, could not be read");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(READ_EVERY) => {}
            }
        }
    }

    async fn read(&self, store: &Store) -> Result<(), StoreError> {
        let quotas = store.list_quotas().await?;
        let measured = store.measure_tenants(&quotas).await;
        let mut all = lock(&self.0);
        let mut before = std::mem::take(&mut *all);
        for (tenant, quota) in quotas {
            let mut used = before.remove(&tenant).unwrap_or_else(Used::nothing);
            used.quota = quota;
            if let Ok(usage) = &measured {
                used.usage = usage.get(&tenant).copied().unwrap_or_default();
            }
            all.insert(tenant, used);
        }
        measured.map(drop)
    }

    /// Takes so many events, of which so many open a process, out of the quota of a tenant.
    pub(in crate::http) fn send(
        &self,
        tenant: &str,
        events: usize,
        openings: usize,
    ) -> Result<(), HttpProblem> {
        match lock(&self.0).get_mut(tenant) {
            None => Ok(()),
            Some(used) => used.send(events, openings, Instant::now()),
        }
    }

    /// Whether a tenant may store another file.
    pub(in crate::http) fn may_store(&self, tenant: &str) -> Result<(), HttpProblem> {
        let all = lock(&self.0);
        let used = all.get(tenant);
        let most = used.and_then(|used| Some((used.quota.stored_bytes?, used.usage.stored_bytes)));
        match most {
            Some((most, stored)) if stored >= most => {
                Err(exceeded(&format!("{most} stored bytes")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Counts a stored file.
    pub(in crate::http) fn has_stored(&self, tenant: &str, bytes: u64) {
        if let Some(used) = lock(&self.0).get_mut(tenant) {
            used.usage.stored_bytes = used.usage.stored_bytes.saturating_add(bytes);
        }
    }

    /// Whether a tenant with so many streams may open another one.
    pub(in crate::http) fn may_stream(&self, tenant: &str, open: usize) -> Result<(), HttpProblem> {
        let most = lock(&self.0)
            .get(tenant)
            .and_then(|used| used.quota.streams);
        match most {
            Some(most) if open >= most as usize => Err(exceeded(&format!("{most} streams"))),
            Some(_) | None => Ok(()),
        }
    }
}

impl Used {
    fn nothing() -> Self {
        Self {
            quota: Quota::default(),
            usage: Usage::default(),
            events: f64::INFINITY,
            at: Instant::now(),
        }
    }

    fn send(&mut self, events: usize, openings: usize, now: Instant) -> Result<(), HttpProblem> {
        let open = self.usage.open_processes.saturating_add(openings as u64);
        if let Some(most) = self.quota.open_processes
            && openings > 0
            && open > most
        {
            return Err(exceeded(&format!("{most} open processes")));
        }
        if let Some(a_second) = self.quota.events_per_second {
            let a_second = f64::from(a_second);
            let since = now.duration_since(self.at).as_secs_f64();
            self.events = (self.events + since * a_second).min(a_second);
            self.at = now;
            if self.events < 1.0 {
                return Err(exceeded(&format!("{a_second} events a second")));
            }
            self.events -= u32::try_from(events).map_or(f64::MAX, f64::from);
        }
        self.usage.open_processes = open;
        Ok(())
    }
}

fn exceeded(quota: &str) -> HttpProblem {
    HttpProblem::quota(&format!("the tenant has used its quota of {quota}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(quota: Quota, at: Instant) -> Used {
        Used {
            quota,
            at,
            ..Used::nothing()
        }
    }

    #[test]
    fn a_large_request_is_accepted_and_paid_back() {
        let now = Instant::now();
        let after = |seconds: f64| now + Duration::from_secs_f64(seconds);
        let quota = Quota {
            events_per_second: Some(10),
            ..Quota::default()
        };
        let mut used = used(quota, now);
        assert!(used.send(40, 0, now).is_ok());
        assert!(used.send(1, 0, after(2.9)).is_err());
        assert!(used.send(1, 0, after(3.2)).is_ok());
        assert!(used.send(10, 0, after(9.0)).is_ok());
        assert!(used.send(1, 0, after(9.0)).is_err());
    }

    #[test]
    fn openings_are_counted_on_until_the_next_reading() {
        let now = Instant::now();
        let quota = Quota {
            open_processes: Some(3),
            ..Quota::default()
        };
        let mut used = used(quota, now);
        assert!(used.send(5, 2, now).is_ok());
        assert!(used.send(5, 2, now).is_err());
        assert!(used.send(5, 1, now).is_ok());
        assert!(used.send(5, 0, now).is_ok());
    }
}
