//! Who may publish what: the tenants that have an exchange of their own, and the rules of publishers
//! on the shared exchange. And which queue a tenant's events go to.

use std::collections::HashMap;

/// Matches every tenant, source or type.
pub const ANY: &str = "*";

named! {
    /// The queue of what is published to a tenant's exchange.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum TenantQueue {
        /// The one that all tenants share.
        Shared = "shared",
        /// One of its own.
        Own = "own",
        /// The shared one again; its own may still hold events.
        Former = "former",
    }
}

/// A tenant with exchanges of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name.
    pub name: String,
    /// Where its events go.
    pub queue: TenantQueue,
}

/// Who an event comes from, as the broker has authenticated it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publisher {
    /// Waybill itself: for HTTP clients, whose key names their tenant.
    Waybill,
    /// A user that may write to the exchange of this tenant.
    Tenant(String),
    /// A user that may write to the shared exchange; `None` if the message does not name it.
    User(Option<String>),
}

/// A permission of a broker user on the shared exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerRule {
    /// The broker user.
    pub user: String,
    /// The tenant to publish for, or [`ANY`].
    pub tenant: String,
    /// The sources it may name; a pattern may end with [`ANY`].
    pub sources: Vec<String>,
    /// The types of events it may publish; a pattern may end with [`ANY`].
    pub types: Vec<String>,
}

/// The attributes of an event that rules are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The tenant it is for.
    pub tenant: &'a str,
    /// Its source.
    pub source: &'a str,
    /// Its type.
    pub type_name: &'a str,
}

/// All tenants and rules at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tenancy {
    /// The tenants with exchanges of their own.
    pub tenants: Vec<Tenant>,
    rules: HashMap<String, Vec<ProducerRule>>,
}

impl Tenancy {
    /// These tenants and rules.
    #[must_use]
    pub fn new(tenants: Vec<Tenant>, rules: Vec<ProducerRule>) -> Self {
        let mut by_user: HashMap<String, Vec<ProducerRule>> = HashMap::new();
        for rule in rules {
            by_user.entry(rule.user.clone()).or_default().push(rule);
        }
        Self {
            tenants,
            rules: by_user,
        }
    }

    /// Whether there is a tenant or a rule.
    #[must_use]
    pub fn is_used(&self) -> bool {
        !(self.tenants.is_empty() && self.rules.is_empty())
    }

    /// The queue of a tenant's events; one that is no longer listed may have left some in its own.
    #[must_use]
    pub fn queue_of(&self, tenant: &str) -> TenantQueue {
        let listed = self.tenants.iter().find(|listed| listed.name == tenant);
        listed.map_or(TenantQueue::Former, |listed| listed.queue)
    }

    /// The tenants that have a queue of their own, or had one.
    pub fn with_queues(&self) -> impl Iterator<Item = &str> {
        let has_one = |tenant: &&Tenant| tenant.queue != TenantQueue::Shared;
        let tenants = self.tenants.iter().filter(has_one);
        tenants.map(|tenant| tenant.name.as_str())
    }

    /// Whether the publisher may publish such an event.
    ///
    /// # Errors
    ///
    /// Why not, and the remedy.
    pub fn check(&self, publisher: &Publisher, claim: Claim<'_>) -> Result<(), String> {
        let user = match publisher {
            Publisher::Waybill => return Ok(()),
            Publisher::Tenant(tenant) if tenant == claim.tenant => return Ok(()),
            Publisher::Tenant(tenant) => {
                return Err(format!("was published to the exchange of tenant {tenant}"));
            }
            Publisher::User(None) => {
                return Err(
                    "names no publisher: set the property user_id to the user that publishes, or publish \
                     to the exchange of its tenant"
                        .to_owned(),
                );
            }
            Publisher::User(Some(user)) => user,
        };
        let mut rules = self.rules.get(user).into_iter().flatten();
        if rules.any(|rule| rule.allows(claim)) {
            return Ok(());
        }
        let Claim {
            tenant,
            source,
            type_name,
        } = claim;
        Err(format!(
            "no rule allows user {user} to publish {type_name} from source {source} for tenant {tenant}; \
             see `waybill producer allow`"
        ))
    }
}

impl ProducerRule {
    fn allows(&self, claim: Claim<'_>) -> bool {
        let any = |patterns: &[String], text: &str| patterns.iter().any(|it| matches(it, text));
        (self.tenant == ANY || self.tenant == claim.tenant)
            && any(&self.sources, claim.source)
            && any(&self.types, claim.type_name)
    }
}

/// Whether a pattern matches: the same text, or its beginning where the pattern ends with [`ANY`].
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix(ANY) {
        Some(beginning) => text.starts_with(beginning),
        None => text == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(user: &str, tenant: &str, source: &str, type_name: &str) -> ProducerRule {
        ProducerRule {
            user: user.to_owned(),
            tenant: tenant.to_owned(),
            sources: vec![source.to_owned()],
            types: vec![type_name.to_owned()],
        }
    }

    fn of(user: &str) -> Publisher {
        Publisher::User(Some(user.to_owned()))
    }

    const CLAIM: Claim<'_> = Claim {
        tenant: "acme",
        source: "shop",
        type_name: "upload.step",
    };

    #[test]
    fn a_rule_counts_for_its_user_tenant_sources_and_types() {
        let tenancy = Tenancy::new(
            Vec::new(),
            vec![
                rule("exact", "acme", "shop", "upload.step"),
                rule("prefix", "*", "sh*", "upload.*"),
                rule("source", "acme", "other", "*"),
                rule("tenant", "other", "*", "*"),
                rule("type", "acme", "*", "order.*"),
            ],
        );
        for user in ["exact", "prefix"] {
            assert_eq!(tenancy.check(&of(user), CLAIM), Ok(()), "{user}");
        }
        for user in ["source", "tenant", "type", "unknown"] {
            let refused = tenancy.check(&of(user), CLAIM).unwrap_err();
            assert!(refused.contains("upload.step from source shop for tenant acme"));
        }
    }

    #[test]
    fn an_exchange_is_for_its_tenant_alone_and_a_publisher_must_be_named() {
        let acme = Tenant {
            name: "acme".to_owned(),
            queue: TenantQueue::Shared,
        };
        let tenancy = Tenancy::new(vec![acme], Vec::new());
        let tenant = |name: &str| Publisher::Tenant(name.to_owned());
        assert_eq!(tenancy.check(&tenant("acme"), CLAIM), Ok(()));
        assert!(tenancy.check(&tenant("other"), CLAIM).is_err());
        assert_eq!(tenancy.check(&Publisher::Waybill, CLAIM), Ok(()));
        let unnamed = tenancy.check(&Publisher::User(None), CLAIM).unwrap_err();
        assert!(unnamed.contains("user_id"), "{unnamed}");
    }
}
