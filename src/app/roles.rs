//! What one process does: all of it, or a part that is scaled alone.

use std::str::FromStr;

/// A part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Takes events into the database and publishes what they cause.
    Worker,
    /// Publishes what a crash left in the outbox, and dead letters once more.
    Relay,
    /// Answers clients over HTTP.
    Api,
    /// Ends what is due and forgets what is old.
    Janitor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Worker, Self::Relay, Self::Api, Self::Janitor];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Relay => "relay",
            Self::Api => "api",
            Self::Janitor => "janitor",
        }
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

    /// Whether that role is among them.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}

impl FromStr for Roles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let role = |name: &str| {
            let found = Role::ALL
                .into_iter()
                .find(|role| role.name() == name.trim());
            found.ok_or_else(|| {
                let names: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
                format!("no role is called {name:?}; there are {}", names.join(", "))
            })
        };
        Ok(Self(text.split(',').map(role).collect::<Result<_, _>>()?))
    }
}
