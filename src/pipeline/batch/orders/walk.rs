//! How one order moves through its workflow, and what that changes.

use std::sync::Arc;

use jiff::Timestamp;

use super::refused::{Refused, of_push, too_many_parked, too_much_parked};
use crate::domain::order::{Left, OrderLimits, Parked, Push, PushRefusal, Pushed, Stop};
use crate::domain::workflow::Workflow;
use crate::domain::{ProcessKey, Stamp, form};
use crate::store::Unreadable;
use crate::store::write::parked::PushId;
use crate::store::write::stage::{OrderChange, OrderChanges, OrderRow};
use crate::wire::{self, StageEntered};

/// How many times the order's maximum form size the forms of all its parked pushes may have.
const FORMS_PARKED_MAX: usize = 16;

/// The progress of one order through its workflow.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub row: OrderRow,
    /// The stops as they were loaded.
    pub before: Vec<Stop>,
    pub workflow: Option<Arc<Workflow>>,
    pub token: String,
    pub tenant: String,
    /// The attachments of the earliest opening, if that is in this batch.
    pub attachments: Option<Option<String>>,
    pub opened_at: Option<Timestamp>,
    /// The id of this attempt, from which the ids of its stops are derived.
    pub attempt: Option<ProcessKey>,
    pub parked: Vec<Parked>,
    /// Pushes that were parked and no longer are.
    pub settled: Vec<(Parked, Pushed)>,
    pub changed: bool,
    pub ended: bool,
}

/// What a batch writes of its orders, and which stops to announce.
#[derive(Debug, Default)]
pub struct Entered {
    /// The changes of orders to write.
    pub changes: OrderChanges,
    /// The stops that were entered, to announce.
    pub stops: Vec<Announced>,
}

/// A stop that was entered, as announced to the next system.
#[derive(Debug)]
pub struct Announced {
    /// The order.
    pub process: ProcessKey,
    /// The announcement.
    pub entered: StageEntered,
}

impl Walk {
    /// The walk as it was loaded.
    pub(super) fn of(row: OrderRow) -> Result<Self, Unreadable> {
        let parked = row.parked.iter().map(|parked| {
            let push = wire::push(&parked.data);
            let push = push.ok_or_else(|| Unreadable::contents("parked push"))?;
            let stamp = parked.stamp.clone();
            Ok(Parked { stamp, push })
        });
        Ok(Self {
            before: row.stops.clone(),
            parked: parked.collect::<Result<_, _>>()?,
            row,
            ..Self::default()
        })
    }

    /// Parks a push until its stop is reached, unless that would exceed the limits.
    pub(super) fn park(
        &mut self,
        stamp: &Stamp,
        push: &Push,
        limits: OrderLimits,
    ) -> Result<(), Refused> {
        if self.parked.len() >= limits.parked_pushes {
            return Err(too_many_parked(limits.parked_pushes));
        }
        let forms = self.parked.iter().map(|parked| &parked.push.form);
        let bytes: usize = forms.chain([&push.form]).map(form::bytes).sum();
        let bytes_max = limits.form_bytes.saturating_mul(FORMS_PARKED_MAX);
        if bytes > bytes_max {
            return Err(too_much_parked(bytes_max));
        }
        let (stamp, push) = (stamp.clone(), push.clone());
        self.parked.push(Parked { stamp, push });
        Ok(())
    }

    /// Ends the order: it leaves every stop, and nothing is parked any more.
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
            .extend(unreached.map(|parked| (parked, Pushed::Refused(PushRefusal::Ended))));
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

    /// Records in `entered` what changed since it was loaded.
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
