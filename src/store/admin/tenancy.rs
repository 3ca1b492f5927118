//! The tables `tenant` and `producer`: who has exchanges of its own, and who may publish to the
//! shared one for whom.

use std::time::Duration;

use jiff::Timestamp;

use super::audit::{self, Act, Action};
use crate::config::show_duration;
use crate::domain::tenancy::{ProducerRule, Tenancy};
use crate::store::connection::Values;
use crate::store::{Store, StoreError};

const ADD: &str = include_str!("../queries/admin/add_tenant.sql");
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
    /// Adds a tenant, or changes how long its ended processes are kept at most; returns whether it is
    /// new.
    pub async fn add_tenant(&self, name: &str, keep: Option<Duration>) -> Result<bool, StoreError> {
        let object = match keep {
            Some(keep) => format!("{name}: keep {}", show_duration(keep)),
            None => name.to_owned(),
        };
        let act = Act {
            action: Action::TenantAdded,
            object: &object,
            tenant: Some(name),
        };
        let keep = keep.map(|keep| keep.as_secs_f64());
        let added = self.act(act, ADD, &[&name, &keep], audit::any).await?;
        Ok(added.first().is_some_and(|row| row.get(0)))
    }

    /// Every tenant, oldest first.
    pub async fn list_tenants(&self) -> Result<Vec<ListedTenant>, StoreError> {
        let rows = self.rows(TENANTS, &[]).await?;
        let listed = rows.iter().map(|row| ListedTenant {
            name: row.get(0),
            created_at: row.get(1),
            keep: row.get::<_, Option<f64>>(2).map(Duration::from_secs_f64),
        });
        Ok(listed.collect())
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
        Ok(Tenancy::new(
            tenants.into_iter().map(|tenant| tenant.name).collect(),
            rules.into_iter().map(|listed| listed.rule).collect(),
        ))
    }
}
