//! What a dead letter says of a body that was too large to be kept whole: a member of its problem.

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
    /// What a dead letter's problem says of it; `None` if the body was kept whole.
    #[must_use]
    pub fn of_problem(problem: &str) -> Option<Self> {
        serde_json::from_str::<Member>(problem).ok()?.body
    }
}
