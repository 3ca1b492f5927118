//! The state of a process after the first N of its events: the merge again from the start. Whether
//! it had ended by then is decided by the caller, which knows when it was sealed.

use std::collections::BTreeSet;

use super::event::{Event, Happening, Item};
use super::form::Form;
use super::ids::Kind;
use super::merge::{self, Outcomes};
use super::process::Process;

/// A process while its log is read.
#[derive(Debug)]
pub struct Past {
    process: Process,
    outcomes: Outcomes,
    form: Form,
    attachments: Option<String>,
    sequences: BTreeSet<u64>,
}

/// An earlier state of a process.
#[derive(Debug, Clone, PartialEq)]
pub struct Was {
    /// The record, which has not ended.
    pub process: Process,
    /// Its items, those that failed first, then by identifier.
    pub items: Vec<Item>,
    /// The form of an order.
    pub form: Form,
    /// The attachments of an order's opening.
    pub attachments: Option<String>,
}

impl Past {
    /// The state before the first event.
    #[must_use]
    pub fn begin(tenant: String, token: String, kind: Kind) -> Self {
        Self {
            process: Process::unopened(tenant, token, kind),
            outcomes: Outcomes::default(),
            form: Form::default(),
            attachments: None,
            sequences: BTreeSet::new(),
        }
    }

    /// Applies an event that changed the process.
    pub fn take(&mut self, event: &Event) {
        merge::apply(&mut self.process, &mut self.outcomes, event);
        self.pass(event.stamp.sequence);
        if let Happening::Pushed(push) = &event.happening {
            self.form.merge(&event.stamp, &push.form);
        }
        if let Some(order) = event.opening().and_then(|opening| opening.order.as_ref()) {
            self.form.merge(&event.stamp, &order.form);
            let opening = self.process.opening.as_ref();
            if opening.is_some_and(|(stamp, _)| *stamp == event.stamp) {
                self.attachments.clone_from(&order.attachments);
            }
        }
    }

    /// Skips an event that is only in the log: it was late, or is parked.
    pub fn pass(&mut self, sequence: Option<u64>) {
        self.sequences.extend(sequence);
    }

    /// The state at this point.
    #[must_use]
    pub fn stop(self) -> Was {
        let mut process = self.process;
        let ending = process.ending.as_ref();
        let before = ending.and_then(|ending| ending.stamp.sequence);
        let before = self.sequences.range(..before.unwrap_or(0)).count();
        process.sequenced = u64::try_from(before).unwrap_or(u64::MAX);
        let mut items: Vec<_> = self.outcomes.into_changed().map(|(item, _)| item).collect();
        items.sort_by(|one, other| (one.ok, &one.identifier).cmp(&(other.ok, &other.identifier)));
        Was {
            process,
            items,
            form: self.form,
            attachments: self.attachments,
        }
    }
}
