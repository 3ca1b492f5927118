//! `waybill dead`: reads, replays and discards messages that could not be applied.

mod discard;
mod list;
mod replay;
mod selection;
mod show;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::Sources;
use super::failure::Failure;
use crate::store::Store;
use crate::store::write::dead_letter::StoredDeadLetter;

/// Read, replay or discard messages that could not be applied.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill dead list --reason invalid_field
  waybill dead show 6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11
  waybill dead replay --reason refused_by_database
  waybill dead discard --all --yes")]
pub(super) struct Dead {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::List),
    Show(show::Show),
    Replay(replay::Replay),
    Discard(discard::Discard),
}

pub(super) async fn run(dead: Dead, sources: &Sources) -> Result<ExitCode, Failure> {
    match dead.action {
        Action::List(list) => list::run(&list, sources).await,
        Action::Show(show) => show::run(&show, sources).await,
        Action::Replay(replay) => replay::run(&replay, sources).await,
        Action::Discard(discard) => discard::run(&discard, sources).await,
    }
}

/// The dead letter with its body.
async fn dead_letter(store: &Store, id: Uuid) -> Result<StoredDeadLetter, Failure> {
    let mut found = store.read_dead_letters(&[id]).await?;
    found.pop().ok_or_else(|| unknown(id))
}

fn unknown(id: Uuid) -> Failure {
    Failure::Unknown(format!(
        "no dead letter with the id {id}: it may have been replayed or discarded; see `waybill \
         dead list`"
    ))
}
