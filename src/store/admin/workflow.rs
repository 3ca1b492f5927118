//! The table `workflow`: every version of every workflow, as the applied text.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::audit::{Act, Action};
use crate::store::{Connection, Store, StoreError, column};

const LOCK: &str = include_str!("../queries/admin/lock_workflows.sql");
const APPLY: &str = include_str!("../queries/admin/apply_workflow.sql");
const LIST: &str = include_str!("../queries/admin/list_workflows.sql");
const LOAD: &str = include_str!("../queries/admin/load_workflow.sql");
const LOAD_VERSIONS: &str = include_str!("../queries/admin/load_workflow_versions.sql");

/// The result of applying a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedWorkflow {
    /// Its name.
    pub name: String,
    /// The version with its text.
    pub version: i32,
    /// Whether that version was created for it.
    pub is_new: bool,
}

/// A workflow in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedWorkflow {
    /// Its name.
    pub name: String,
    /// Its newest version.
    pub version: i32,
    /// When that was applied.
    pub created_at: Timestamp,
    /// How many versions there are.
    pub versions: i64,
}

/// One version of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWorkflow {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: i32,
    /// The applied text.
    pub source: String,
    /// When it was applied.
    pub created_at: Timestamp,
}

impl Store {
    /// Applies workflows, given as name and text, all or none. A text equal to the newest version
    /// creates no new one.
    pub async fn apply_workflows(
        &self,
        workflows: &[(&str, &str)],
    ) -> Result<Vec<AppliedWorkflow>, StoreError> {
        let connection = self.connection().await?;
        // After a failure the connection is dropped as it is, and closed with its transaction.
        connection.set_in_transaction(true);
        connection.batch_execute("begin").await?;
        let applied = apply(&connection, workflows).await?;
        for workflow in applied.iter().filter(|workflow| workflow.is_new) {
            let act = Act {
                action: Action::WorkflowApplied,
                object: &format!("{} version {}", workflow.name, workflow.version),
                tenant: None,
            };
            self.note(&connection, act).await?;
        }
        connection.batch_execute("commit").await?;
        connection.set_in_transaction(false);
        Ok(applied)
    }

    /// Every workflow by name.
    pub async fn list_workflows(&self) -> Result<Vec<ListedWorkflow>, StoreError> {
        let rows = self.rows(LIST, &[]).await?;
        Ok(column(&rows, |row| ListedWorkflow {
            name: row.get(0),
            version: row.get(1),
            created_at: row.get(2),
            versions: row.get(3),
        }))
    }

    /// A version of a workflow, or its newest; `None` if it does not exist.
    pub async fn load_workflow(
        &self,
        name: &str,
        version: Option<i32>,
    ) -> Result<Option<StoredWorkflow>, StoreError> {
        let connection = self.connection().await?;
        load(&connection, name, version).await
    }

    /// Those of these versions that exist, in any order.
    pub async fn load_workflow_versions(
        &self,
        versions: &[(&str, i32)],
    ) -> Result<Vec<StoredWorkflow>, StoreError> {
        let names = column(versions, |(name, _)| *name);
        let numbers = column(versions, |(_, version)| *version);
        let rows = self
            .rows_for(versions, LOAD_VERSIONS, &[&names, &numbers])
            .await?;
        Ok(column(&rows, stored))
    }
}

/// A version of a workflow, or its newest, on a connection that may be inside a transaction.
pub async fn load(
    connection: &Connection,
    name: &str,
    version: Option<i32>,
) -> Result<Option<StoredWorkflow>, StoreError> {
    let row = connection.row_if_any(LOAD, &[&name, &version]).await?;
    Ok(row.as_ref().map(stored))
}

fn stored(row: &Row) -> StoredWorkflow {
    StoredWorkflow {
        name: row.get(0),
        version: row.get(1),
        source: row.get(2),
        created_at: row.get(3),
    }
}

async fn apply(
    connection: &Connection,
    workflows: &[(&str, &str)],
) -> Result<Vec<AppliedWorkflow>, StoreError> {
    connection.execute(LOCK, &[]).await?;
    let mut applied = Vec::with_capacity(workflows.len());
    for (name, source) in workflows {
        let row = connection.row(APPLY, &[name, source]).await?;
        applied.push(AppliedWorkflow {
            name: (*name).to_owned(),
            version: row.get(0),
            is_new: row.get(1),
        });
    }
    Ok(applied)
}
