//! `waybill migrate`: creates or updates the tables.

use std::process::ExitCode;

use clap::Args;

use super::failure::Failure;
use super::{Sources, output, servers};
use crate::store::admin::migrate;

/// Create or update the tables in the schema `waybill`; safe to run repeatedly and concurrently.
///
/// Then grant each role of deploy/postgresql/roles.sql its privileges, if they were created.
#[derive(Debug, Args)]
pub(super) struct Migrate {}

pub(super) async fn run(sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    let migrated = migrate::migrate(store.connection().await?).await?;
    let text = match migrated.applied {
        0 => "up to date: nothing to apply".to_owned(),
        1 => "applied 1 migration".to_owned(),
        count => format!("applied {count} migrations"),
    };
    output::line(&text)?;
    if migrated.granted {
        output::line("granted each role of the database its privileges")?;
    }
    if let Some(epoch) = migrated.epoch {
        output::line(&format!(
            "the tables were moved to another database cluster or time line: epoch {epoch} of the \
             change feed has begun"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
