//! `waybill key`: creates, lists, rotates and revokes the API keys that HTTP clients authenticate with.

mod create;
mod list;
mod revoke;
mod rotate;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Sources;
use super::failure::Failure;
use crate::domain::access::Scope;

/// Create, list, rotate and revoke the API keys that HTTP clients authenticate with.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill key create --tenant acme --scope read,write --name archive --expires 90d
  waybill key list
  waybill key rotate 5f0c9a7e21bd
  waybill key revoke 5f0c9a7e21bd")]
pub(super) struct Key {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(create::Create),
    List(list::List),
    Revoke(revoke::Revoke),
    Rotate(rotate::Rotate),
}

pub(super) async fn run(key: Key, sources: &Sources) -> Result<ExitCode, Failure> {
    match key.action {
        Action::Create(create) => create::run(&create, sources).await,
        Action::List(list) => list::run(&list, sources).await,
        Action::Revoke(revoke) => revoke::run(&revoke, sources).await,
        Action::Rotate(rotate) => rotate::run(&rotate, sources).await,
    }
}

/// Scopes separated by commas: `read,write`.
fn scope_names(scopes: &[Scope]) -> String {
    let names: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
    names.join(",")
}
