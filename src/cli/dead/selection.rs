//! The dead letters that a command selects: by id, by reason, or all.

use clap::Args;
use uuid::Uuid;

use crate::cli::failure::Failure;
use crate::store::Store;
use crate::store::write::dead_letter::DeadLetterSelection;
use crate::wire::Reason;

/// Dead letters by id, by reason, or all.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Choice {
    /// The ids of the dead letters.
    #[arg(value_name = "ID")]
    pub(super) ids: Vec<Uuid>,
    /// Every dead letter of this reason.
    #[arg(long, value_parser = reason)]
    pub(super) reason: Option<Reason>,
    /// Every dead letter.
    #[arg(long)]
    pub(super) all: bool,
}

impl Choice {
    /// The selection, if it is not by id.
    pub(super) fn dead_letters(&self) -> DeadLetterSelection {
        dead_letters(self.reason)
    }

    /// The selection in words, for the audit.
    pub(super) fn words(&self) -> String {
        match (self.reason, self.ids.as_slice()) {
            (Some(reason), _) => format!("of the reason {}", reason.name()),
            (None, []) => "all".to_owned(),
            (None, ids) => ids
                .iter()
                .map(Uuid::to_string)
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// The approximate number of selected dead letters: they may change meanwhile.
    pub(super) async fn count(&self, store: &Store) -> Result<u64, Failure> {
        if !self.ids.is_empty() {
            return Ok(u64::try_from(self.ids.len()).unwrap_or(u64::MAX));
        }
        let counts = store.tally().await?.dead_letters;
        Ok(match self.reason {
            Some(reason) => counts.get(reason.name()).copied().unwrap_or(0),
            None => counts.values().sum(),
        })
    }
}

/// Selects the dead letters of a reason, or all.
pub(super) fn dead_letters(reason: Option<Reason>) -> DeadLetterSelection {
    DeadLetterSelection {
        reason: reason.map(|reason| reason.name().to_owned()),
        ..DeadLetterSelection::default()
    }
}

/// A reason by its name.
pub(super) fn reason(name: &str) -> Result<Reason, String> {
    Reason::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        format!("the reasons are {}", names.join(", "))
    })
}
