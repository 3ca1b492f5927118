//! Whose dead letters a page shows.

use crate::domain::access::Access;
use crate::store::read::dead_letters::UNKNOWN_TENANT;
use crate::store::write::dead_letter::DeadLetter;

named! {
    /// Whose dead letters a list shows.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(in crate::http) enum Whose {
        /// The tenant's own.
        Own = "own",
        /// Those of no known tenant; for operators only.
        Unknown = "unknown",
    }
}

impl Whose {
    pub(super) fn tenant(self, access: &Access) -> &str {
        match self {
            Self::Own => &access.tenant,
            Self::Unknown => UNKNOWN_TENANT,
        }
    }

    /// Of a dead letter.
    pub(super) fn of(dead_letter: &DeadLetter) -> Self {
        match dead_letter.tenant {
            Some(_) => Self::Own,
            None => Self::Unknown,
        }
    }
}
