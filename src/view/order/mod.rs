//! The status of an order, read with the workflow it was opened with: its current stages, what each
//! waits for, the joins that wait, and the parked pushes.

pub mod json;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::order::{PushTarget, Stop};
use crate::domain::workflow::{Join, NextStages, Stage, Workflow};
use crate::domain::{Kind, ProcessKey};
use crate::store::admin::workflow::StoredWorkflow;
use crate::store::read::order_status::OrderStatus;
use crate::store::read::record::Record;
use crate::store::{Store, StoreError, Unreadable};
use crate::wire;

/// The maximum number of stops, and of parked pushes, that are read.
const STOPS_MAX: i64 = 1_000;

/// The data of an order in addition to its record.
#[derive(Debug, Clone)]
pub struct OrderDetails {
    /// Its stored status.
    pub status: OrderStatus,
    /// Its workflow; none before its opening, or if this version can't read it.
    pub workflow: Option<Arc<Workflow>>,
}

/// A stage that waits for the rest of its predecessors.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct WaitingJoin<'a> {
    /// The name of the stage.
    pub stage: Cow<'a, str>,
    /// The predecessors from which the order has arrived.
    pub arrived: Vec<Cow<'a, str>>,
    /// The predecessors from which it has not.
    pub missing: Vec<Cow<'a, str>>,
}

/// Loads the data of those records that are orders, in two round trips for any number of records.
pub async fn load<'a>(
    store: &Store,
    records: impl Iterator<Item = &'a Record>,
) -> Result<HashMap<ProcessKey, Result<OrderDetails, Unreadable>>, StoreError> {
    let orders = records.filter(|record| record.process.kind == Kind::Order);
    let names: HashMap<ProcessKey, Option<&str>> = orders.map(workflow_name).collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<_> = names.keys().copied().collect();
    let statuses = store.order_statuses(&keys, STOPS_MAX).await?;
    let version = |(key, status): (&ProcessKey, &Result<OrderStatus, _>)| {
        let name = names.get(key).copied().flatten()?;
        let status = status.as_ref().ok()?;
        Some((name, status.version.filter(|version| *version > 0)?))
    };
    let versions: BTreeSet<(&str, i32)> = statuses.iter().filter_map(version).collect();
    let versions: Vec<_> = versions.into_iter().collect();
    let stored = store.load_workflow_versions(&versions).await?;
    let read = |stored: StoredWorkflow| {
        let workflow = wire::workflow_file::read(stored.source.as_bytes()).ok()?;
        Some(((stored.name, stored.version), Arc::new(workflow)))
    };
    let catalog: HashMap<(String, i32), Arc<Workflow>> =
        stored.into_iter().filter_map(read).collect();
    let order = |(key, status): (ProcessKey, OrderStatus)| {
        let name = names.get(&key).copied().flatten();
        let workflow = match (status.version, name) {
            (None, _) => None,
            (Some(0), _) | (_, None) => Some(Arc::new(Workflow::plain())),
            (Some(version), Some(name)) => catalog.get(&(name.to_owned(), version)).cloned(),
        };
        OrderDetails { status, workflow }
    };
    let orders = statuses.into_iter();
    let orders = orders.map(|(key, status)| (key, status.map(|s| order((key, s)))));
    Ok(orders.collect())
}

fn workflow_name(record: &Record) -> (ProcessKey, Option<&str>) {
    let process = &record.process;
    let opening = process.opening.as_ref().map(|(_, opening)| opening);
    let name = opening.and_then(|opening| opening.workflow.as_deref());
    (process.key, name)
}

impl OrderDetails {
    /// Its current stops.
    pub fn active(&self) -> impl Iterator<Item = &Stop> {
        let stops = self.status.stops.iter();
        stops.filter(|stop| stop.left.is_none())
    }

    /// The definition of a stage in its workflow.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.workflow.as_ref()?.stages.get(name)
    }

    /// The joins that wait for some of their predecessors; none if not all stops were read.
    pub fn joins(&self) -> Vec<WaitingJoin<'_>> {
        let seen = u64::try_from(self.status.stops.len()).unwrap_or(u64::MAX);
        let Some(workflow) = &self.workflow else {
            return Vec::new();
        };
        if seen < self.status.stops_count || self.active().next().is_none() {
            return Vec::new();
        }
        let predecessors = workflow.predecessors();
        let joins = workflow.stages.iter();
        let joins = joins.filter(|(_, stage)| stage.join == Some(Join::All));
        let waits = joins.filter_map(|(name, _)| {
            let entered = self.stops_at(name).count();
            let from = predecessors.get(name.as_str())?;
            let from = from.iter().flatten().copied();
            let (arrived, missing): (Vec<&str>, Vec<&str>) =
                from.partition(|from| self.departures(from, name) > entered);
            let waits = !arrived.is_empty() && !missing.is_empty();
            waits.then_some(WaitingJoin {
                stage: Cow::from(name),
                arrived: arrived.into_iter().map(Cow::from).collect(),
                missing: missing.into_iter().map(Cow::from).collect(),
            })
        });
        waits.collect()
    }

    /// The number of parked pushes by stage; those for a `data_id` are under the empty name.
    pub fn parked_for(&self) -> BTreeMap<String, u64> {
        let mut stages = BTreeMap::new();
        for parked in &self.status.parked {
            let stage = match wire::push(&parked.data).map(|push| push.target) {
                Some(PushTarget::Stage(name)) => name,
                Some(PushTarget::Stop(_)) | None => String::new(),
            };
            *stages.entry(stage).or_default() += 1;
        }
        stages
    }

    fn stops_at<'a>(&'a self, stage: &'a str) -> impl Iterator<Item = &'a Stop> {
        self.status.stops.iter().filter(move |s| s.stage == stage)
    }

    /// How often a stage was left towards another.
    fn departures(&self, from: &str, to: &str) -> usize {
        let Some(stage) = self.stage(from) else {
            return 0;
        };
        let towards = |outcome: Option<&String>| {
            let stages = match &stage.next {
                NextStages::All(stages) => Some(stages),
                NextStages::ByOutcome(choices) => outcome.and_then(|outcome| choices.get(outcome)),
            };
            stages.is_some_and(|stages| stages.iter().any(|stage| stage == to))
        };
        let left = self.stops_at(from).filter_map(|stop| stop.left.as_ref());
        left.filter(|left| towards(left.outcome.as_ref())).count()
    }
}

/// The outcomes of a stage; empty if it needs none.
pub fn outcomes(stage: &Stage) -> Vec<&str> {
    match &stage.next {
        NextStages::All(_) => Vec::new(),
        NextStages::ByOutcome(choices) => choices.keys().map(String::as_str).collect(),
    }
}
