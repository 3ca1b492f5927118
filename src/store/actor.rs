//! Who acts on the store, for the audit.

use std::fmt;

named! {
    /// What kind of actor it is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub enum ActorKind {
        /// An API key, or a session of it.
        Key = "key",
        /// A client without a valid key.
        Anonymous = "anonymous",
        /// The user of a command line.
        Command = "command",
        /// The program itself.
        #[default]
        Program = "program",
    }
}

/// Who acts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Actor {
    /// What it is.
    pub kind: ActorKind,
    /// The id of a key, or the name of a user.
    pub name: String,
    /// An address, or the name of a machine.
    pub origin: String,
    /// Why it acts, as far as it says.
    pub reason: Option<String>,
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind, name, origin, ..
        } = self;
        write!(formatter, "{} {name} from {origin}", kind.name())
    }
}
