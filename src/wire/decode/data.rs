//! Decodes the data of each event type.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::event_types::Shape;
use super::items::{self, Items};
use super::object::{Object, Text};
use super::orders;
use super::parse_error::diagnose;
use super::validate::Validator;
use crate::domain::{Happening, Opening};

/// Reads the data of a shape; `None` only with a fault noted.
pub(super) fn happening(
    shape: Shape,
    data: &str,
    validator: &mut Validator<'_>,
) -> Option<Happening> {
    Some(match shape {
        Shape::Received => received(parse(data, validator)?, validator),
        Shape::Opened => orders::opened(parse(data, validator)?, validator),
        Shape::Pushed => orders::pushed(parse(data, validator)?, validator)?,
        Shape::Step => step(parse(data, validator)?, validator),
        Shape::Progress => progress(&parse(data, validator)?, validator),
        Shape::Items => items::happening(parse::<Items<'_>>(data, validator)?, validator),
        Shape::Completed => completed(&parse(data, validator)?, validator),
        Shape::Failed => failed(parse(data, validator)?, validator),
        Shape::Cancelled => cancelled(parse(data, validator)?, validator),
    })
}

fn parse<'a, T: Deserialize<'a>>(data: &'a str, validator: &mut Validator<'_>) -> Option<T> {
    match serde_json::from_str(data) {
        Ok(Object(parsed)) => Some(parsed),
        Err(_) => {
            validator
                .faults
                .push(diagnose::<Object<T>>(data, validator.base));
            None
        }
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Received<'a> {
    filename: Option<Text<'a>>,
    module: Option<Text<'a>>,
    workflow_id: Option<Text<'a>>,
    group: Option<Text<'a>>,
    documents: Option<u64>,
    total: Option<u64>,
    attributes: Option<&'a RawValue>,
}

fn received(data: Received<'_>, validator: &mut Validator<'_>) -> Happening {
    let documents = validator.count("documents", data.documents);
    let total = validator.count("total", data.total);
    if documents
        .zip(total)
        .is_some_and(|(one, other)| one != other)
    {
        validator.demand("total", "contradicts `documents`; give one");
    }
    Happening::Opened(Box::new(Opening {
        filename: validator.name("filename", data.filename),
        module: validator.name("module", data.module),
        workflow: validator.name("workflow_id", data.workflow_id),
        group: validator.name("group", data.group),
        total: total.or(documents),
        attributes: validator.object("attributes", data.attributes),
        ..Opening::default()
    }))
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Step<'a> {
    message: Option<Text<'a>>,
    name: Option<Text<'a>>,
    state: Option<Text<'a>>,
}

/// A step changes no record: it is checked here and read back from the event log.
fn step(data: Step<'_>, validator: &mut Validator<'_>) -> Happening {
    if data.message.is_none() && data.name.is_none() {
        validator.demand("message", "is missing; give `message` or `name`");
    }
    validator.text("message", data.message);
    validator.name("name", data.name);
    let states = ["running", "done", "error"];
    if data
        .state
        .is_some_and(|Text(state)| !states.contains(&&*state))
    {
        validator.demand("state", "must be running, done or error");
    }
    Happening::Step
}

#[derive(Deserialize)]
struct ProgressData {
    done: Option<u64>,
    total: Option<u64>,
}

fn progress(data: &ProgressData, validator: &mut Validator<'_>) -> Happening {
    if data.done.is_none() && data.total.is_none() {
        validator.demand("done", "is missing; give `done`, `total` or both");
    }
    Happening::Progress {
        done: validator.count("done", data.done),
        total: validator.count("total", data.total),
    }
}

#[derive(Deserialize)]
struct Completed {
    total: Option<u64>,
}

fn completed(data: &Completed, validator: &mut Validator<'_>) -> Happening {
    Happening::Completed {
        total: validator.count("total", data.total),
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Failed<'a> {
    message: Option<Text<'a>>,
    code: Option<Text<'a>>,
}

fn failed(data: Failed<'_>, validator: &mut Validator<'_>) -> Happening {
    Happening::Failed {
        message: validator.text("message", data.message),
        code: validator.name("code", data.code),
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Cancelled<'a> {
    reason: Option<Text<'a>>,
}

fn cancelled(data: Cancelled<'_>, validator: &mut Validator<'_>) -> Happening {
    Happening::Cancelled {
        reason: validator.text("reason", data.reason),
    }
}
