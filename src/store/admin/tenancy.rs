//! The tables `tenant` and `producer`: who has exchanges of its own, and who may publish to the
//! shared one for whom.

use std::time::Duration;

use jiff::Timestamp;

use super::audit::{self, Act, Action};
use crate::config::show_duration;
use crate::domain::tenancy::{ProducerRule, Tenancy, Tenant, TenantQueue};
use crate::store::connection::Values;
use crate::store::{Store, StoreError};

const ADD: &str = include_str!("../queries/admin/add_tenant.sql");
const FORGET: &str = include_str!("../queries/admin/forget_tenant_queue.sql");
const TENANTS: &str = include_str!("../queries/admin/list_tenants.sql");
const ALLOW: &str = include_str!("../queries/admin/allow_producer.sql");
const PRODUCERS: &str = include_str!("../queries/admin/list_producers.sql");
const REVOKE: &str = include_str!("../queries/admin/revoke_producer.sql");

/// A tenant with exchanges of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTenant {
    /// Its name.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// How long what ended is kept at most, if that is limited.
    pub keep: Option<Duration>,
    /// Where its events go.
    pub queue: TenantQueue,
}

/// What is to be set of a tenant; without a value it stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantSettings {
    /// How long what ended is kept at most.
    pub keep: Option<Duration>,
    /// Whether it has a queue of its own.
    pub own_queue: Option<bool>,
}

/// What [`Store::add_tenant`] has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantChange {
    /// The tenant is new.
    Added,
    /// Its settings are others.
    Changed,
    /// Nothing.
    None,
}

/// A rule of the shared exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRule {
    /// What it allows.
    pub rule: ProducerRule,
    /// When it was set.
    pub created_at: Timestamp,
}

impl Store {
    /// Adds a tenant, or changes its settings.
    pub async fn add_tenant(
        &self,
        name: &str,
        settings: TenantSettings,
    ) -> Result<TenantChange, StoreError> {
        let TenantSettings { keep, own_queue } = settings;
        let parts = [
            Some(name.to_owned()),
            keep.map(|keep| format!("keep {}", show_duration(keep))),
            own_queue.map(|own| format!("own queue {own}")),
        ];
        let object = {
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            parts.join(", ")
        };
        let act = Act {
            action: Action::TenantAdded,
            object: &object,
            tenant: Some(name),
        };
        let values: Values<'_> = &[&name, &own_queue, &keep.map(|keep| keep.as_secs_f64())];
        let changed = self.act(act, ADD, values, audit::any).await?;
        Ok(match changed.first().map(|row| row.get(0)) {
            Some(true) => TenantChange::Added,
            Some(false) => TenantChange::Changed,
            None => TenantChange::None,
        })
    }

    /// Forgets a tenant's former queue, which was deleted.
    pub async fn forget_tenant_queue(&self, name: &str) -> Result<(), StoreError> {
        self.run(FORGET, &[&name]).await.map(drop)
    }

    /// Every tenant, oldest first.
    pub async fn list_tenants(&self) -> Result<Vec<ListedTenant>, StoreError> {
        let rows = self.rows(TENANTS, &[]).await?;
        let listed = rows.iter().map(|row| {
            let queue = TenantQueue::from_name(row.get(2));
            Ok(ListedTenant {
                name: row.get(0),
                created_at: row.get(1),
                queue: queue.ok_or(StoreError::Corrupt("queue of a tenant"))?,
                keep: row.get::<_, Option<f64>>(3).map(Duration::from_secs_f64),
            })
        });
        listed.collect()
    }

    /// Sets the rule of a user for a tenant; replaces an earlier one.
    pub async fn allow_producer(&self, rule: &ProducerRule) -> Result<(), StoreError> {
        let ProducerRule {
            user,
            tenant,
            sources,
            types,
        } = rule;
        let act = Act {
            action: Action::ProducerAllowed,
            object: &format!(
                "{user}: sources {}, types {}",
                sources.join(","),
                types.join(",")
            ),
            tenant: Some(tenant),
        };
        let values: Values<'_> = &[user, tenant, sources, types];
        self.act(act, ALLOW, values, audit::any).await.map(drop)
    }

    /// Every rule, by user and tenant.
    pub async fn list_producers(&self) -> Result<Vec<ListedRule>, StoreError> {
        let rows = self.rows(PRODUCERS, &[]).await?;
        let listed = rows.iter().map(|row| ListedRule {
            rule: ProducerRule {
                user: row.get(0),
                tenant: row.get(1),
                sources: row.get(2),
                types: row.get(3),
            },
            created_at: row.get(4),
        });
        Ok(listed.collect())
    }

    /// Removes the rules of a user, all or that for one tenant; returns how many.
    pub async fn revoke_producer(
        &self,
        user: &str,
        tenant: Option<&str>,
    ) -> Result<u64, StoreError> {
        let act = Act {
            action: Action::ProducerRevoked,
            object: user,
            tenant,
        };
        let revoked = self.act(act, REVOKE, &[&user, &tenant], audit::any).await?;
        Ok(revoked.len() as u64)
    }

    /// All tenants and rules, as workers apply them.
    pub async fn tenancy(&self) -> Result<Tenancy, StoreError> {
        let tenants = self.list_tenants().await?;
        let rules = self.list_producers().await?;
        let tenants = tenants.into_iter().map(|listed| Tenant {
            name: listed.name,
            queue: listed.queue,
        });
        Ok(Tenancy::new(
            tenants.collect(),
            rules.into_iter().map(|listed| listed.rule).collect(),
        ))
    }
}
