//! Loads what a batch needs of its orders.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::orders::{Catalog, Orders, Workflows};
use crate::domain::order::OrderLimits;
use crate::domain::{Kind, ProcessKey};
use crate::store::admin::workflow;
use crate::store::write::batch::{self, Loaded};
use crate::store::write::event::NewEvent;
use crate::store::{Connection, StoreError, Unreadable};
use crate::wire;

/// Loads the orders among the records, and every workflow they need. Leaves out records of which
/// this version can't read a part.
pub(in crate::pipeline) async fn load_orders(
    connection: &Connection,
    loaded: &mut Loaded,
    events: &[&NewEvent],
    catalog: &mut Catalog,
    limits: OrderLimits,
) -> Result<Orders, StoreError> {
    let openings = events.iter().filter(|event| opens_order(event));
    let opening: HashSet<ProcessKey> = openings.clone().map(|event| event.key).collect();
    let processes = loaded.processes.iter();
    let orders = processes.filter(|p| p.kind == Kind::Order || opening.contains(&p.key));
    let keys: Vec<_> = orders.clone().map(|process| process.key.0).collect();
    if keys.is_empty() {
        return Ok(Orders::default());
    }
    let names: BTreeSet<&str> = openings.filter_map(|event| workflow_name(event)).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let rows = batch::load_orders(connection, &keys, &names).await?;
    let walking = orders.filter(|process| process.ended.is_none());
    let bound = walking.filter_map(|process| {
        let name = process.opening.as_ref()?.1.workflow.clone()?;
        let version = rows.rows.get(&process.key)?.version?;
        Some((process.key, (name, version)))
    });
    let bound: Vec<_> = bound.filter(|(_, (_, version))| *version > 0).collect();
    let newest = rows.newest.iter();
    let newest = newest.map(|(name, version)| (name.clone(), *version));
    let versions = bound.iter().map(|(_, version)| version.clone());
    let workflows = read_workflows(connection, versions.chain(newest), catalog).await?;
    let unread = bound.into_iter().filter_map(|(key, version)| {
        let why = workflows.unreadable.get(&version)?;
        Some((key, why.clone()))
    });
    let unread = unread.collect();
    let (orders, unreadable) = Orders::new(rows, workflows, limits);
    loaded.leave_out(unread);
    loaded.leave_out(unreadable);
    Ok(orders)
}

/// Reads the workflow versions that are not in the catalog.
async fn read_workflows(
    connection: &Connection,
    versions: impl Iterator<Item = (String, i32)>,
    catalog: &mut Catalog,
) -> Result<Workflows, StoreError> {
    let mut unreadable = HashMap::new();
    for (name, version) in versions {
        let known = (name.clone(), version);
        if catalog.contains_key(&known) || unreadable.contains_key(&known) {
            continue;
        }
        let stored = workflow::load(connection, &name, Some(version)).await?;
        match stored.and_then(|stored| wire::workflow_file::read(stored.source.as_bytes()).ok()) {
            Some(workflow) => {
                catalog.insert(known, Arc::new(workflow));
            }
            None => {
                unreadable.insert(known, Unreadable::workflow(&name, version));
            }
        }
    }
    Ok(Workflows {
        catalog: catalog.clone(),
        unreadable,
    })
}

fn opens_order(event: &NewEvent) -> bool {
    event.event.kind == Kind::Order && event.event.opens()
}

/// The workflow that an event opens an order with.
fn workflow_name(event: &NewEvent) -> Option<&str> {
    event.event.opening()?.workflow.as_deref()
}
