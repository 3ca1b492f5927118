//! `waybill dead discard`: deletes dead letters permanently.

use std::process::ExitCode;

use clap::Args;

use super::selection::Choice;
use crate::cli::failure::Failure;
use crate::cli::{Sources, confirm, output, servers};
use crate::pipeline::replay::selection::{self, Pages};
use crate::store::Store;

/// Delete dead letters permanently.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill dead discard 6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11
  waybill dead discard --reason undecodable --yes

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 no such dead
letter.")]
pub(super) struct Discard {
    #[command(flatten)]
    choice: Choice,
    /// Do not prompt for confirmation.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(discard: &Discard, sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    for id in &discard.choice.ids {
        super::dead_letter(&store, *id).await?;
    }
    let count = discard.choice.count(&store).await?;
    let question = format!("discard {count} dead letters permanently?");
    if !discard.yes && !confirm::confirmed("discarding", &question)? {
        output::line("nothing was discarded")?;
        return Ok(ExitCode::SUCCESS);
    }
    let discarded = delete(&store, &discard.choice).await?;
    output::line(&format!("discarded {discarded}"))?;
    Ok(ExitCode::SUCCESS)
}

async fn delete(store: &Store, choice: &Choice) -> Result<u64, Failure> {
    let which = choice.words();
    if !choice.ids.is_empty() {
        return Ok(store.discard_dead_letters(&choice.ids, &which).await?);
    }
    let mut pages = Pages::new(store, choice.dead_letters()).await?;
    let mut discarded = 0;
    while let Some(page) = pages.next().await? {
        let ids = selection::ids(&page);
        discarded += store.discard_dead_letters(&ids, &which).await?;
    }
    Ok(discarded)
}
