//! Which letters a command means: by id, by reason, or all; and the way through them in pages.

use clap::Args;
use uuid::Uuid;

use super::super::failure::Failure;
use crate::store::Store;
use crate::store::dead_letter::{KeptLetter, Place};
use crate::wire::Reason;

/// How many letters one page holds.
const PAGE: i64 = 500;

/// Letters by id, by reason, or all.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Choice {
    /// The ids of the letters.
    #[arg(value_name = "ID")]
    pub(super) ids: Vec<Uuid>,
    /// Every letter of this reason.
    #[arg(long, value_parser = reason)]
    pub(super) reason: Option<Reason>,
    /// Every letter.
    #[arg(long)]
    pub(super) all: bool,
}

impl Choice {
    /// How many letters that are, about: others may come and go.
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

/// Goes through the letters of a choice by reason or of all, up to where they end at the start:
/// what is refused again meanwhile comes behind that and is not taken twice.
pub(super) struct Pages<'a> {
    store: &'a Store,
    reason: Option<Reason>,
    after: Option<Place>,
    end: Option<Place>,
}

impl<'a> Pages<'a> {
    pub(super) async fn new(store: &'a Store, reason: Option<Reason>) -> Result<Self, Failure> {
        Ok(Self {
            store,
            reason,
            after: None,
            end: store.newest_dead_letter().await?,
        })
    }

    /// The next page, without bodies; empty at the end.
    pub(super) async fn next(&mut self) -> Result<Vec<KeptLetter>, Failure> {
        let Some(end) = self.end else {
            return Ok(Vec::new());
        };
        let reason = self.reason.map(Reason::name);
        let mut page = self
            .store
            .list_dead_letters(reason, self.after, PAGE)
            .await?;
        page.retain(|letter| letter.place() <= end);
        self.after = page.last().map(KeptLetter::place).or(self.after);
        Ok(page)
    }
}

/// A reason by its name.
pub(super) fn reason(name: &str) -> Result<Reason, String> {
    Reason::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        format!("the reasons are {}", names.join(", "))
    })
}
