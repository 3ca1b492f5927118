//! Faults found while decoding, gathered so that one answer names all of them.

use std::fmt;

use super::reason::Reason;
use super::salvage::Seen;
use crate::wire::problem::{FieldFault, Problem, Rejection};

/// How many faults one answer lists; the rest is counted.
const FAULTS_MAX: usize = 20;
/// How long a pointer may get: keys of the body are part of it.
const POINTER_CHARS_MAX: usize = 512;

/// One fault.
#[derive(Debug)]
pub(super) struct Fault {
    reason: Reason,
    detail: String,
    pointer: Option<String>,
}

impl Fault {
    /// A fault of the message as a whole.
    pub(super) fn whole(reason: Reason, detail: impl fmt::Display) -> Self {
        Self {
            reason,
            detail: detail.to_string(),
            pointer: None,
        }
    }

    /// A fault at a place in the body.
    pub(super) fn at(
        reason: Reason,
        pointer: impl fmt::Display,
        detail: impl fmt::Display,
    ) -> Self {
        let pointer = pointer
            .to_string()
            .chars()
            .take(POINTER_CHARS_MAX)
            .collect();
        Self {
            reason,
            detail: detail.to_string(),
            pointer: Some(pointer),
        }
    }
}

/// The faults of one message, in the order they were found.
#[derive(Debug, Default)]
pub(super) struct Faults {
    listed: Vec<Fault>,
    more: usize,
}

impl Faults {
    pub(super) fn push(&mut self, fault: Fault) {
        if self.listed.len() < FAULTS_MAX {
            self.listed.push(fault);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// What is said about the message: the first fault gives the reason.
    pub(super) fn into_rejection(self, seen: Seen) -> Rejection {
        let reason = self
            .listed
            .first()
            .map_or(Reason::Undecodable, |fault| fault.reason);
        let mut problem = Problem::new(reason, self.summary());
        problem.errors = self
            .listed
            .into_iter()
            .map(|fault| FieldFault {
                detail: fault.detail,
                pointer: fault.pointer,
            })
            .collect();
        Rejection {
            reason,
            problem,
            tenant: seen.tenant,
            token: seen.token,
            source: seen.source,
            id: seen.id,
            type_: seen.type_,
        }
    }

    fn summary(&self) -> String {
        let Some(first) = self.listed.first() else {
            return "no fault was noted".to_owned();
        };
        let first_said = match &first.pointer {
            Some(pointer) => format!("{pointer} {}", first.detail),
            None => first.detail.clone(),
        };
        match self.listed.len() + self.more {
            1 => first_said,
            count => format!("{count} faults, the first: {first_said}"),
        }
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self {
            listed: vec![fault],
            more: 0,
        }
    }
}
