//! The roles of one process: all of them, or some that are scaled separately.

use std::str::FromStr;

named! {
    /// A role.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Role {
        /// Consumes events into the database and publishes the resulting messages.
        Worker = "worker",
        /// Publishes what was left in the outbox, and replays dead letters.
        Relay = "relay",
        /// Answers clients over HTTP.
        Api = "api",
        /// Ends processes that are due and deletes old ones.
        Janitor = "janitor",
    }
}

/// A set of roles, never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// Every role.
    #[must_use]
    pub fn all() -> Self {
        Self(Role::ALL.to_vec())
    }

    /// Whether it contains a role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}

impl FromStr for Roles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let role = |name: &str| {
            Role::from_name(name.trim()).ok_or_else(|| {
                let names: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
                format!("no role is called {name:?}; there are {}", names.join(", "))
            })
        };
        Ok(Self(text.split(',').map(role).collect::<Result<_, _>>()?))
    }
}
