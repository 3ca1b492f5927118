//! One order on its walk, and what that changes.

use std::sync::Arc;

use jiff::Timestamp;

use super::refused::of_push;
use crate::core::order::{Left, Parked, Pushed, Refusal, Stop};
use crate::core::workflow::Workflow;
use crate::core::{ProcessKey, Stamp};
use crate::store::order::{OrderChange, OrderChanges, OrderRow, PushId};
use crate::wire::StageEntered;

/// One order on its walk.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) row: OrderRow,
    /// As they were loaded.
    pub(super) before: Vec<Stop>,
    pub(super) workflow: Option<Arc<Workflow>>,
    pub(super) token: String,
    pub(super) tenant: String,
    /// What came with the earliest opening, where that is among the events.
    pub(super) attachments: Option<Option<String>>,
    pub(super) opened_at: Option<Timestamp>,
    /// What this attempt is called, where the names of its stops come from.
    pub(super) attempt: Option<ProcessKey>,
    pub(super) parked: Vec<Parked>,
    /// What waited and does no longer.
    pub(super) settled: Vec<(Parked, Pushed)>,
    pub(super) changed: bool,
    pub(super) ended: bool,
}

/// What a batch writes of its orders, and which stops are to be announced.
#[derive(Debug, Default)]
pub(crate) struct Entered {
    pub(crate) changes: OrderChanges,
    pub(crate) stops: Vec<Announced>,
}

/// A stop that was entered, as the next system is told.
#[derive(Debug)]
pub(crate) struct Announced {
    pub(crate) process: ProcessKey,
    pub(crate) entered: StageEntered,
}

impl Walk {
    /// The order has ended: every stop is left, and nothing is parked any more.
    pub(super) fn end(&mut self, at: Timestamp, now: Timestamp) {
        for stop in self.row.stops.iter_mut().filter(|stop| stop.left.is_none()) {
            stop.left = Some(Left {
                at,
                seen_at: now,
                outcome: None,
            });
        }
        let unreached = self.parked.drain(..);
        self.settled
            .extend(unreached.map(|parked| (parked, Pushed::Refused(Refusal::Ended))));
        self.changed = true;
        self.ended = true;
    }

    fn announcement(&self, stop: &Stop, number: u64) -> StageEntered {
        let workflow = self.workflow.as_ref();
        let form = self.row.form.fields.iter();
        StageEntered {
            data_id: stop.data_id,
            token: self.token.clone(),
            tenant: self.tenant.clone(),
            workflow: workflow.map(|w| w.name.clone()).unwrap_or_default(),
            stage: stop.stage.clone(),
            entered_at: stop.entered_at,
            number,
            form: form
                .map(|(id, (_, json))| (id.clone(), json.clone()))
                .collect(),
        }
    }

    /// Notes what changed since it was loaded.
    pub(super) fn note(self, key: ProcessKey, entered: &mut Entered) {
        let was = |stop: &Stop| {
            self.before
                .iter()
                .find(|b| b.data_id == stop.data_id)
                .cloned()
        };
        let mut number = u64::try_from(self.before.len()).unwrap_or(u64::MAX);
        for stop in &self.row.stops {
            let before = was(stop);
            if before.is_none() {
                number += 1;
                entered.stops.push(Announced {
                    process: key,
                    entered: self.announcement(stop, number),
                });
            }
            if before.as_ref() != Some(stop) {
                entered.changes.stops.push((key, stop.clone()));
            }
        }
        for (parked, pushed) in self.settled {
            let Stamp { source, id, .. } = parked.stamp;
            let id = PushId {
                process: key,
                source,
                id,
            };
            match pushed {
                Pushed::Applied | Pushed::Parked => entered.changes.applied.push(id),
                Pushed::Refused(refusal) => {
                    let refused = of_push(&refusal);
                    let problem = refused.problem();
                    let problem = serde_json::json!(problem).to_string();
                    let refused = (id, refused.reason.name(), problem);
                    entered.changes.refused.push(refused);
                }
            }
        }
        entered.changes.orders.push(OrderChange {
            key,
            version: self.row.version,
            form: self.row.form,
            attachments: self.attachments,
            kept: self
                .workflow
                .filter(|_| self.ended)
                .and_then(|workflow| workflow.retention),
        });
    }
}
