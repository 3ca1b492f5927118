//! The member of a dead letter's problem that describes a body too large to be kept whole.

use serde::{Deserialize, Serialize};

/// The body as it was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutBody {
    /// How long it was.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// The member of the problem.
#[derive(Deserialize)]
struct Member {
    body: Option<CutBody>,
}

impl CutBody {
    /// Reads it from a dead letter's problem; `None` if the body was kept whole.
    #[must_use]
    pub fn of_problem(problem: &str) -> Option<Self> {
        serde_json::from_str::<Member>(problem).ok()?.body
    }
}
