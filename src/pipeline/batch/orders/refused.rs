//! Why an event can't be applied, as a problem document.

use crate::domain::form;
use crate::domain::order::{PushRefusal, STOPS_MAX};
use crate::store::Unreadable;
use crate::store::write::parked::{OTHERS_BYTES_MAX, OTHERS_MAX};
use crate::wire::{FieldFault, Problem, Reason};

/// Why an event can't be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The reason of the dead letter.
    pub reason: Reason,
    /// What is wrong, and what to do.
    pub detail: String,
    /// Each field that is wrong.
    pub errors: Vec<FieldFault>,
}

impl Refused {
    fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// The token belongs to a process of the other kind.
    pub fn other_kind() -> Self {
        let detail = "the token belongs to a process of the other kind; use another token";
        Self::new(Reason::KindMismatch, detail)
    }

    /// The same identity came before with another content.
    pub fn identity_conflict() -> Self {
        let detail = "an event of the same source and id came before with another type, time or \
                      data; give every event an id of its own";
        Self::new(Reason::IdentityConflict, detail)
    }

    /// It belongs to an attempt that ended and was deleted, or came before the opening of the next.
    pub fn gone() -> Self {
        let detail = "the process of the token ended and was deleted; only a new opening, later \
                      than its end, begins the next attempt";
        Self::new(Reason::Gone, detail)
    }

    /// It belongs to a process that was erased, or came before the opening of the next attempt.
    pub fn erased() -> Self {
        let detail = "the process of the token was erased; only a new opening, later than that, begins \
                      the next attempt";
        Self::new(Reason::Erased, detail)
    }

    /// Too many events already wait for the kind of the process to be decided.
    pub fn too_early() -> Self {
        let detail = format!(
            "at most {OTHERS_MAX} events with {OTHERS_BYTES_MAX} bytes of data in total wait for a token \
             to be opened as another kind than that of its first event; send the opening, then replay \
             this message"
        );
        Self::new(Reason::LimitExceeded, detail)
    }

    /// This version can't read the stored record of its process.
    pub fn unreadable(why: &Unreadable) -> Self {
        Self::new(Reason::UnreadableRecord, why.detail())
    }

    /// The problem document for people and programs.
    pub fn problem(&self) -> Problem {
        let mut problem = Problem::new(self.reason, self.detail.clone());
        problem.errors.clone_from(&self.errors);
        problem
    }
}

pub(super) fn refused(reason: Reason, field: &str, detail: &str) -> Refused {
    let fault = FieldFault {
        detail: detail.to_owned(),
        pointer: Some(format!("#/data/{field}")),
    };
    Refused {
        errors: vec![fault],
        ..Refused::new(reason, format!("{field} {detail}"))
    }
}

pub(super) fn invalid_form(faults: Vec<form::FormFault>) -> Refused {
    let errors = faults.into_iter().map(|fault| FieldFault {
        pointer: Some(format!("#/data/form/{}", fault.field)),
        detail: fault.detail,
    });
    Refused {
        reason: Reason::InvalidForm,
        detail: "the form does not meet the workflow's rules".to_owned(),
        errors: errors.collect(),
    }
}

pub(super) fn too_many_parked(max: usize) -> Refused {
    let detail = format!(
        "was not entered yet, and at most {max} pushes of an order wait for their stages \
         (limits.parked_pushes); replay this one once the order has moved on, or raise the limit"
    );
    refused(Reason::LimitExceeded, "stage", &detail)
}

pub(super) fn too_much_parked(bytes_max: usize) -> Refused {
    let detail = format!(
        "is too long to wait for its stage: the forms of pushes that wait are at most {bytes_max} \
         bytes in total (16 times limits.form_bytes); replay this one once the order has moved on, \
         or raise the limit"
    );
    refused(Reason::LimitExceeded, "form", &detail)
}

pub(super) fn of_push(refusal: &PushRefusal) -> Refused {
    match refusal {
        PushRefusal::Unknown => {
            let detail = "is no stage of this order; see the current stages of the order";
            refused(Reason::UnknownStage, "stage", detail)
        }
        PushRefusal::Left => {
            let detail = "was left, or will not be reached; see the current stages of the order, and \
                          give `data_id` where it comes to a stage again";
            refused(Reason::StageLeft, "stage", detail)
        }
        PushRefusal::Ended => {
            let detail = "was not reached before the order ended";
            refused(Reason::StageNotReached, "stage", detail)
        }
        PushRefusal::TooManyStops => {
            let detail = format!("leads on, but an order stops at most {STOPS_MAX} times");
            refused(Reason::LimitExceeded, "stage", &detail)
        }
        PushRefusal::Outcome(outcomes) => {
            let detail = format!("must be one of {}", outcomes.join(", "));
            refused(Reason::InvalidField, "outcome", &detail)
        }
        PushRefusal::Form(faults) => invalid_form(faults.clone()),
        PushRefusal::FormTooLong(bytes) => {
            let detail = format!(
                "makes the form of the order longer than {bytes} bytes (limits.form_bytes); put \
                 large contents into attachments"
            );
            refused(Reason::LimitExceeded, "form", &detail)
        }
    }
}
