//! Faults found while decoding, collected so that one response lists all of them.

use std::fmt;

use super::reason::Reason;

/// How many faults one response lists; the rest is counted.
const FAULTS_MAX: usize = 20;
/// How long a pointer may get: keys of the body are part of it.
const POINTER_CHARS_MAX: usize = 512;

/// One fault.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) reason: Reason,
    pub(super) detail: String,
    pub(super) pointer: Option<String>,
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
    pub(super) listed: Vec<Fault>,
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

    pub(super) fn summary(&self) -> String {
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
