//! `waybill push`: moves an order on from a stage.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::failure::Failure;
use super::get::look_up;
use super::open::{self, event};
use super::remote::Address;
use super::{Sources, fields, output, servers};

/// Move an order on from a stage.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill push 8a4f0c --stage review --outcome accepted
  waybill push 8a4f0c --stage finance --set cost_centre=A7 --set amount=12.5
  waybill push 8a4f0c --data-id 6fa459ea-ee8a-3ca4-894e-db77e160355e

`waybill get TOKEN` shows the current stages of an order, their outcomes and the fields to fill in.
The server publishes the event and waits for the broker's confirm; then a worker applies it. A push
that arrives before its stage is active is parked until it is; one that can't be applied becomes a
dead letter (see `waybill dead list`).

Exit codes: 0 the event was confirmed, 1 it was not, 2 wrong usage or settings.")]
pub(super) struct Push {
    /// The token of the order.
    token: String,
    /// Leave the stage of this name; if the order is at it several times, the oldest visit.
    #[arg(long, required_unless_present = "data_id", conflicts_with = "data_id")]
    stage: Option<String>,
    /// Leave this visit of a stage, by the data_id in its stage event.
    #[arg(long, value_name = "UUID")]
    data_id: Option<Uuid>,
    /// The outcome of the stage, if the stage has outcomes.
    #[arg(long)]
    outcome: Option<String>,
    /// Fill in a field; a value that is not JSON is a text; repeatable. SECTION.KEY=VALUE sets a
    /// setting.
    #[arg(long, value_name = open::FIELD_VALUE)]
    set: Vec<String>,
    #[command(flatten)]
    address: Address,
}

pub(super) async fn run(push: &Push, sources: &Sources) -> Result<ExitCode, Failure> {
    let (form, sources) = fields::split(&push.set, sources)?;
    let sources = push.address.over(&sources);
    let mut data = json!({ "form": form });
    if let Some(data) = data.as_object_mut() {
        let data_id = push.data_id.map(|id| id.to_string());
        for (key, value) in [
            ("stage", push.stage.clone()),
            ("data_id", data_id),
            ("outcome", push.outcome.clone()),
        ] {
            data.extend(value.map(|value| (key.to_owned(), value.into())));
        }
    }
    let event = event("order.pushed", &push.token, data);
    servers::client(&sources)?.send_one(&event).await?;
    output::line(&format!("sent; {}", look_up(&push.token)))?;
    Ok(ExitCode::SUCCESS)
}
