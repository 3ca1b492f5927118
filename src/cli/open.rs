//! `waybill open`: opens an order and prints its token.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

use super::failure::Failure;
use super::get::look_up;
use super::remote::Address;
use super::{Sources, escape, fields, output, servers};
use crate::clock;
use crate::wire::PlainEvent;

/// The value name of `--set` here.
pub(super) const FIELD_VALUE: &str = "FIELD=VALUE";
/// The source of the events that these commands send.
const SOURCE: &str = "waybill-cli";

/// Open an order and print its token.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill open purchase --set article=chair --set amount=12.5
  waybill open invoice --attach scan.pdf --set scan=scan.pdf --set number=R-7 --set total=80
  token=$(waybill open purchase --set article=chair --set amount=1)
  waybill open purchase --set amount=1 --url http://waybill:8080 --key-file key

Only the token goes to the standard output. The workflow must have been applied (see `waybill
workflow list`; `waybill workflow show` lists its fields). The server publishes the event and waits
for the broker's confirm; then a worker opens the order, or stores an event that it can't apply as a
dead letter (see `waybill dead list`).

Exit codes: 0 the event was confirmed, 1 it was not, 2 wrong usage or settings.")]
pub(super) struct Open {
    /// The name of the workflow.
    workflow: String,
    /// Fill in a field; a value that is not JSON is a text; repeatable. SECTION.KEY=VALUE sets a
    /// setting.
    #[arg(long, value_name = FIELD_VALUE)]
    set: Vec<String>,
    /// Name an attachment, which fields of type file refer to; repeatable.
    #[arg(long, value_name = "NAME[=URI]")]
    attach: Vec<String>,
    /// The token of the order [default: a new UUID].
    #[arg(long)]
    token: Option<String>,
    #[command(flatten)]
    address: Address,
}

pub(super) async fn run(open: &Open, sources: &Sources) -> Result<ExitCode, Failure> {
    let (form, sources) = fields::split(&open.set, sources)?;
    let sources = open.address.over(&sources);
    let random = || Uuid::new_v4().to_string();
    let token = open.token.clone().unwrap_or_else(random);
    let mut data = json!({ "workflow_id": open.workflow, "form": form });
    if let Some(data) = data.as_object_mut()
        && !open.attach.is_empty()
    {
        let attachments = open.attach.iter().map(|given| attachment(given)).collect();
        data.insert("attachments".to_owned(), Value::Array(attachments));
    }
    let event = event("order.opened", &token, data);
    servers::client(&sources)?.send_one(&event).await?;
    output::line(&escape::line(&token))?;
    output::remark(&format!("sent; {}", look_up(&token)))?;
    Ok(ExitCode::SUCCESS)
}

/// An event of these commands.
pub(super) fn event(type_: &str, token: &str, data: Value) -> PlainEvent {
    PlainEvent::new(SOURCE, type_, token, clock::now(), data)
}

fn attachment(given: &str) -> Value {
    match given.split_once('=') {
        Some((name, uri)) => json!({ "name": name, "uri": uri }),
        None => json!({ "name": given }),
    }
}
