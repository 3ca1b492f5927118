//! Pushing an order on from a stop, by the id of the stop only.

use axum::response::Response;
use serde::Serialize;
use uuid::Uuid;

use super::fields::KnownFields;
use super::formdata::{self, Form};
use super::{OmflowRequest, answer};
use crate::domain::Happening;
use crate::domain::access::Access;
use crate::domain::order::{self, PushRefusal};
use crate::domain::workflow::{Stage, Workflow};
use crate::http::compat::apply;
use crate::http::submit::idempotency::SOURCE;
use crate::http::submit::receipt::ReceiptState;
use crate::http::submit::{EventRequest, idempotency};
use crate::http::web::{HttpProblem, ProblemKind};
use crate::wire::Accepted;

const PUSHED: &str = "order.pushed";

const NO_STOP: &str = "is not an active stop of an order of this workflow; query the order again";
const UNFIT: &str = "the push does not fit the stage";
const LEFT: &str = "the order has left this stop; query it again";
const NOT_YET: &str = "the push was sent and not applied in time: it may still be, so query the order before pushing again";

/// The data of the event.
#[derive(Serialize)]
struct Push<'a> {
    data_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a str>,
    form: &'a Form,
}

impl OmflowRequest {
    /// Pushes an order on, and waits until that is applied.
    pub(super) async fn push(
        &self,
        access: &Access,
        fields: &KnownFields,
    ) -> Result<Response, HttpProblem> {
        let nowhere = || HttpProblem::body_at("#/data_id", NO_STOP);
        let data_id = Uuid::parse_str(fields.need("data_id")?).map_err(|_| nowhere())?;
        let store = self.api.primary();
        // A push to a missing stop would be parked without an error.
        let stop = store.find_stop(&access.tenant, &self.flow, data_id).await?;
        let stop = stop.ok_or_else(nowhere)?;
        let workflow = self.workflow(Some(stop.version)).await?;
        let stage = workflow.stages.get(&stop.stage).ok_or_else(nowhere)?;

        let mut form = formdata::read(fields.get("formdata"), self.api.limits.items)?;
        formdata::fit(&mut form, &stage.form);
        let decided = formdata::outcome(stage, &form);
        let data = serde_json::to_vec(&Push {
            data_id,
            outcome: fields.get("outcome").or(decided.as_deref()),
            form: &form,
        });
        let request = EventRequest {
            type_: PUSHED,
            token: Some(&stop.token),
            data: &data.unwrap_or_default(),
        };
        let id = idempotency::random();
        let event = self.api.read(access, &request, (SOURCE, &id), None)?;
        fits(&workflow, stage, &event)?;
        match apply(&self.api, event).await? {
            ReceiptState::Applied => Ok(answer::pushed()),
            ReceiptState::Late | ReceiptState::Refused => {
                Err(HttpProblem::new(ProblemKind::Unprocessable, LEFT))
            }
            ReceiptState::Accepted => Err(HttpProblem::new(ProblemKind::Unavailable, NOT_YET)),
        }
    }
}

/// Rejects a push that a worker would refuse.
fn fits(workflow: &Workflow, stage: &Stage, event: &Accepted) -> Result<(), HttpProblem> {
    let Happening::Pushed(push) = &event.event.happening else {
        return Ok(());
    };
    match order::unfit(workflow, stage, push) {
        None => Ok(()),
        Some(PushRefusal::Outcome(outcomes)) => {
            let detail = format!("must be one of {}", outcomes.join(", "));
            Err(HttpProblem::body_at("#/outcome", &detail))
        }
        Some(PushRefusal::Form(faults)) => super::open::fits(faults),
        Some(
            PushRefusal::Unknown
            | PushRefusal::Left
            | PushRefusal::Ended
            | PushRefusal::TooManyStops
            | PushRefusal::FormTooLong(_),
        ) => Err(HttpProblem::new(ProblemKind::Unprocessable, UNFIT)),
    }
}
