//! What an API key allows: its tenant and its scopes.

/// The tenant of events and keys that name none.
pub const DEFAULT_TENANT: &str = "default";

named! {
    /// A permission of a key. Scopes are independent: a key that may write may not read, unless it has
    /// both. Only [`Scope::Admin`] includes the others.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Scope {
        /// Read records, events and files.
        Read = "read",
        /// Send events and files.
        Write = "write",
        /// Everything, including operations for operators.
        Admin = "admin",
    }
}

/// What an authenticated client may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The only tenant whose processes it can access.
    pub tenant: String,
    /// Its permissions.
    pub scopes: Vec<Scope>,
}

impl Access {
    /// Whether a scope is granted.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&Scope::Admin) || self.scopes.contains(&scope)
    }

    /// Whether it may see what belongs to no tenant: administrators of the default tenant.
    #[must_use]
    pub fn operates(&self) -> bool {
        self.tenant == DEFAULT_TENANT && self.allows(Scope::Admin)
    }

    /// Whether it may see figures over all tenants: administrators, and the default tenant, which
    /// is the only one where no tenants are used.
    #[must_use]
    pub fn oversees(&self) -> bool {
        self.tenant == DEFAULT_TENANT || self.allows(Scope::Admin)
    }
}
