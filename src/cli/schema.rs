//! `waybill schema`: prints the JSON Schemas and the AsyncAPI document of the messages; it needs no
//! server.

use std::process::ExitCode;

use clap::Args;

use super::failure::Failure;
use super::output;
use crate::wire::schema;

/// The name of the AsyncAPI document.
const ASYNCAPI: &str = "asyncapi";

/// Print the message contract: JSON Schemas and AsyncAPI.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill schema                     the names of all documents
  waybill schema upload.received     JSON Schema of the data of an event
  waybill schema process.completed   JSON Schema of a completion
  waybill schema asyncapi            AsyncAPI 3.0: all channels with all messages

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 unknown name.")]
pub(super) struct Schema {
    /// The name of the document; without it, lists all names.
    name: Option<String>,
}

pub(super) fn run(schema: &Schema) -> Result<ExitCode, Failure> {
    let text = match schema.name.as_deref() {
        Some(ASYNCAPI) => schema::asyncapi().to_owned(),
        Some(name) => schema::schema(name)
            .ok_or_else(|| {
                let text =
                    format!("no document has the name {name}: `waybill schema` lists the names");
                Failure::Unknown(text)
            })?
            .to_owned(),
        None => {
            let names = schema::schemas().map(|(name, _)| name);
            let names: Vec<_> = names.chain([ASYNCAPI]).collect();
            names.join("\n")
        }
    };
    output::line(&text)?;
    Ok(ExitCode::SUCCESS)
}
