//! The table `quota`: what tenants may use over HTTP, and what they use of it.

use std::collections::HashMap;

use super::audit::{self, Act, Action};
use crate::domain::quota::Quota;
use crate::store::connection::Values;
use crate::store::{Store, StoreError, from_bigint, to_bigint};

const SET: &str = include_str!("../queries/admin/set_quota.sql");
const LIST: &str = include_str!("../queries/admin/list_quotas.sql");
const REMOVE: &str = include_str!("../queries/admin/remove_quota.sql");
const MEASURE: &str = include_str!("../queries/admin/measure_tenants.sql");

/// What a tenant uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Open processes.
    pub open_processes: u64,
    /// Bytes of stored files.
    pub stored_bytes: u64,
}

impl Store {
    /// Sets all limits of a tenant.
    pub async fn set_quota(&self, tenant: &str, quota: &Quota) -> Result<(), StoreError> {
        let act = Act {
            action: Action::QuotaSet,
            object: tenant,
            tenant: Some(tenant),
        };
        let small =
            |limit: Option<u32>| limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX));
        let values: Values<'_> = &[
            &tenant,
            &quota.open_processes.map(to_bigint),
            &small(quota.events_per_second),
            &quota.stored_bytes.map(to_bigint),
            &small(quota.streams),
        ];
        self.act(act, SET, values, audit::any).await.map(drop)
    }

    /// The limits of every tenant that has some, by name.
    pub async fn list_quotas(&self) -> Result<Vec<(String, Quota)>, StoreError> {
        let rows = self.rows(LIST, &[]).await?;
        let large = |number: Option<i64>| number.map(from_bigint);
        let small = |number: Option<i32>| number.map(i32::unsigned_abs);
        let listed = rows.iter().map(|row| {
            let quota = Quota {
                open_processes: large(row.get(1)),
                events_per_second: small(row.get(2)),
                stored_bytes: large(row.get(3)),
                streams: small(row.get(4)),
            };
            (row.get(0), quota)
        });
        Ok(listed.collect())
    }

    /// Removes all limits of a tenant; returns whether there were any.
    pub async fn remove_quota(&self, tenant: &str) -> Result<bool, StoreError> {
        let act = Act {
            action: Action::QuotaRemoved,
            object: tenant,
            tenant: Some(tenant),
        };
        let removed = self.act(act, REMOVE, &[&tenant], audit::any).await?;
        Ok(!removed.is_empty())
    }

    /// What these tenants use of these quotas.
    pub async fn measure_tenants(
        &self,
        quotas: &[(String, Quota)],
    ) -> Result<HashMap<String, Usage>, StoreError> {
        let with = |has: fn(&Quota) -> bool| -> Vec<&str> {
            let tenants = quotas.iter().filter(|(_, quota)| has(quota));
            tenants.map(|(tenant, _)| tenant.as_str()).collect()
        };
        let open = with(|quota| quota.open_processes.is_some());
        let stored = with(|quota| quota.stored_bytes.is_some());
        let mut usage: HashMap<String, Usage> = HashMap::new();
        if open.is_empty() && stored.is_empty() {
            return Ok(usage);
        }
        for row in self.rows(MEASURE, &[&open, &stored]).await? {
            let of_tenant = usage.entry(row.get(1)).or_default();
            let measured = from_bigint(row.get(2));
            match row.get(0) {
                "open" => of_tenant.open_processes = measured,
                _ => of_tenant.stored_bytes = measured,
            }
        }
        Ok(usage)
    }
}
