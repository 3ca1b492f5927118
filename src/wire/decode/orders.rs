//! The data of `order.opened` and `order.pushed`: forms, attachments, and which stop is left.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::message::Limits;
use super::object::{List, Object, Text};
use super::validate::Validator;
use crate::domain::event::OrderOpening;
use crate::domain::form::{Filled, JsonType, Value};
use crate::domain::order::{Push, PushTarget};
use crate::domain::{Happening, Opening};

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Opened<'a> {
    workflow_id: Option<Text<'a>>,
    form: Option<Object<Fields<'a>>>,
    attachments: Option<&'a RawValue>,
    group: Option<Text<'a>>,
    attributes: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Pushed<'a> {
    data_id: Option<Text<'a>>,
    stage: Option<Text<'a>>,
    outcome: Option<Text<'a>>,
    form: Option<Object<Fields<'a>>>,
}

type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Attachment<'a> {
    name: Option<Text<'a>>,
    media_type: Option<Text<'a>>,
    size: Option<u64>,
    sha256: Option<Text<'a>>,
    uri: Option<Text<'a>>,
}

/// Decodes the data of `order.opened`.
pub(super) fn opened(data: Opened<'_>, validator: &mut Validator<'_>) -> Happening {
    Happening::Opened(Box::new(Opening {
        workflow: validator.name("workflow_id", data.workflow_id),
        group: validator.name("group", data.group),
        attributes: validator.object("attributes", data.attributes),
        order: Some(Box::new(OrderOpening {
            form: filled(data.form, validator),
            files: files(data.attachments, validator),
            attachments: data.attachments.map(|raw| raw.get().to_owned()),
        })),
        ..Opening::default()
    }))
}

/// Decodes the data of `order.pushed`.
pub(super) fn pushed(data: Pushed<'_>, validator: &mut Validator<'_>) -> Option<Happening> {
    let id = data.data_id.map(|Text(text)| Uuid::parse_str(&text));
    let stage = validator.name("stage", data.stage);
    let target = match (id, stage) {
        (Some(Ok(id)), None) => Ok(PushTarget::Stop(id)),
        (None, Some(stage)) => Ok(PushTarget::Stage(stage)),
        (Some(Err(_)), _) => Err(("data_id", "must be the UUID that the stage event gave")),
        (None, None) => Err(("stage", "is missing; give `stage` or `data_id`")),
        (Some(Ok(_)), Some(_)) => Err(("stage", "must not be there beside `data_id`; give one")),
    };
    let target = target.map_err(|(at, detail)| validator.demand(at, detail));
    let outcome = validator.name("outcome", data.outcome);
    let form = filled(data.form, validator);
    let push = Push {
        target: target.ok()?,
        outcome,
        form,
    };
    Some(Happening::Pushed(Box::new(push)))
}

fn filled(form: Option<Object<Fields<'_>>>, validator: &mut Validator<'_>) -> Filled {
    let fields = form.map(|Object(fields)| fields).unwrap_or_default();
    let max = validator.limits.items;
    if fields.len() > max {
        let detail = format!("must have at most {max} fields");
        validator.exceeded("form", detail);
    }
    let mut filled = Filled::new();
    for (id, raw) in fields {
        let id = validator.name("form", Some(Text(id)));
        filled.extend(id.map(|id| (id, value(raw))));
    }
    filled
}

fn value(raw: &RawValue) -> Value {
    let json = raw.get();
    let shape = match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json).map_or(JsonType::Null, JsonType::Text),
        Some(b'[') => JsonType::List,
        Some(b'{') => JsonType::Object,
        Some(b't' | b'f') => JsonType::Boolean,
        Some(b'n') | None => JsonType::Null,
        Some(_) => JsonType::Number,
    };
    Value {
        json: json.to_owned(),
        shape,
    }
}

/// The names of the attachments.
fn files(raw: Option<&RawValue>, validator: &mut Validator<'_>) -> Vec<String> {
    let Some(raw) = raw else { return Vec::new() };
    type Attachments<'a> = List<Object<Attachment<'a>>, { Limits::ITEMS_MAX }>;
    let Ok(list) = serde_json::from_str::<Attachments<'_>>(raw.get()) else {
        let detail = "must be a list of {name, media_type, size, sha256, uri}";
        validator.demand("attachments", detail);
        return Vec::new();
    };
    let max = validator.limits.items.min(Limits::ITEMS_MAX);
    if list.count > max {
        let detail = format!("must have at most {max} entries");
        validator.exceeded("attachments", detail);
    }
    let attachments = list.kept.into_iter().enumerate();
    attachments
        .filter_map(|(index, Object(attachment))| file(index, attachment, validator))
        .collect()
}

fn file(index: usize, attachment: Attachment<'_>, validator: &mut Validator<'_>) -> Option<String> {
    if attachment.name.is_none() {
        validator.demand(format_args!("attachments/{index}/name"), "is missing");
    }
    validator.name(
        format_args!("attachments/{index}/media_type"),
        attachment.media_type,
    );
    validator.name(
        format_args!("attachments/{index}/sha256"),
        attachment.sha256,
    );
    validator.text(format_args!("attachments/{index}/uri"), attachment.uri);
    validator.count(format_args!("attachments/{index}/size"), attachment.size);
    validator.name(format_args!("attachments/{index}/name"), attachment.name)
}
