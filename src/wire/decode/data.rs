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
    let documents = validator.count(format_args!("documents"), data.documents);
    let total = validator.count(format_args!("total"), data.total);
    if documents
        .zip(total)
        .is_some_and(|(one, other)| one != other)
    {
        validator.demand(format_args!("total"), "contradicts `documents`; give one");
    }
    Happening::Opened(Box::new(Opening {
        filename: validator.name(format_args!("filename"), data.filename),
        module: validator.name(format_args!("module"), data.module),
        workflow: validator.name(format_args!("workflow_id"), data.workflow_id),
        group: validator.name(format_args!("group"), data.group),
        total: total.or(documents),
        attributes: validator.object(format_args!("attributes"), data.attributes),
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
        validator.demand(
            format_args!("message"),
            "is missing; give `message` or `name`",
        );
    }
    validator.text(format_args!("message"), data.message);
    validator.name(format_args!("name"), data.name);
    let states = ["running", "done", "error"];
    if data
        .state
        .is_some_and(|Text(state)| !states.contains(&&*state))
    {
        validator.demand(format_args!("state"), "must be running, done or error");
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
        validator.demand(
            format_args!("done"),
            "is missing; give `done`, `total` or both",
        );
    }
    Happening::Progress {
        done: validator.count(format_args!("done"), data.done),
        total: validator.count(format_args!("total"), data.total),
    }
}

#[derive(Deserialize)]
struct Completed {
    total: Option<u64>,
}

fn completed(data: &Completed, validator: &mut Validator<'_>) -> Happening {
    Happening::Completed {
        total: validator.count(format_args!("total"), data.total),
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
        message: validator.text(format_args!("message"), data.message),
        code: validator.name(format_args!("code"), data.code),
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Cancelled<'a> {
    reason: Option<Text<'a>>,
}

fn cancelled(data: Cancelled<'_>, validator: &mut Validator<'_>) -> Happening {
    Happening::Cancelled {
        reason: validator.text(format_args!("reason"), data.reason),
    }
}
