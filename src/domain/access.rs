//! Who may do what: the tenant that a key speaks for, and its scopes.

/// The tenant of those that name none.
pub const DEFAULT_TENANT: &str = "default";

/// What may be done with a key. Scopes are independent: who may write may not read, unless a key
/// has both. Only [`Scope::Admin`] takes in the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Ask for records, events and files.
    Read,
    /// Send events and files.
    Write,
    /// Everything, also what is for operators.
    Admin,
}

/// What somebody who showed a key may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Whose processes alone are there for it.
    pub tenant: String,
    /// What may be done with them.
    pub scopes: Vec<Scope>,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// The name in SQL and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl Access {
    /// Whether that may be done.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&Scope::Admin) || self.scopes.contains(&scope)
    }

    /// Whether they may see what all tenants do together: operators, and the tenant of those who
    /// name none, which is the only one where nobody names any.
    #[must_use]
    pub fn oversees(&self) -> bool {
        self.tenant == DEFAULT_TENANT || self.allows(Scope::Admin)
    }
}
