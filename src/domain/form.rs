//! The form of an order: fields from its events, and their validation against the workflow.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::ids::Stamp;
use super::workflow::{Field, FieldKind};

/// The fields that one event fills in, by id.
pub type Filled = BTreeMap<String, Value>;

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// As received, JSON.
    pub json: String,
    /// Its JSON type.
    pub shape: JsonType,
}

/// The JSON type of a value, as far as validation needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonType {
    /// Null: as if the field were absent.
    Null,
    /// A text.
    Text(String),
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list.
    List,
    /// An object.
    Object,
}

/// The default maximum of an order's form in bytes: the ids and values of all its fields.
pub const FORM_BYTES_MAX: usize = 1024 * 1024;

/// A fault of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormFault {
    /// The field.
    pub field: String,
    /// What is wrong, and the remedy.
    pub detail: String,
}

/// An order's form: of each field the value with the greatest stamp.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Form {
    /// The values, JSON, with their stamps.
    pub fields: BTreeMap<String, (Stamp, String)>,
}

/// The size of an event's fields, in bytes.
#[must_use]
pub fn bytes(filled: &Filled) -> usize {
    let each = filled.iter().map(|(id, value)| id.len() + value.json.len());
    each.sum()
}

impl Form {
    /// The size it would have with an event's fields, in bytes.
    #[must_use]
    pub fn bytes_with(&self, filled: &Filled) -> usize {
        let others = self
            .fields
            .iter()
            .filter(|(id, _)| !filled.contains_key(*id));
        let others = others.map(|(id, (_, json))| id.len() + json.len());
        others.sum::<usize>() + bytes(filled)
    }

    /// Merges an event's fields.
    pub fn merge(&mut self, stamp: &Stamp, filled: &Filled) {
        for (field, value) in filled {
            let known = self.fields.get(field);
            if known.is_none_or(|(known, _)| known < stamp) {
                let value = (stamp.clone(), value.json.clone());
                self.fields.insert(field.clone(), value);
            }
        }
    }
}

/// Every fault of a form: missing required fields, wrong types and unknown fields. `files` are the
/// names of the event's attachments.
#[must_use]
pub fn faults(fields: &[Field], filled: &Filled, files: &[String]) -> Vec<FormFault> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, detail: String| {
        let field = field.to_owned();
        faults.push(FormFault { field, detail });
    };
    for field in fields {
        match filled.get(&field.id).map(|value| &value.shape) {
            None | Some(JsonType::Null) if field.required => {
                fault(&field.id, "is missing; the workflow requires it".to_owned());
            }
            None | Some(JsonType::Null) => {}
            Some(shape) => {
                if let Some(detail) = mismatch(&field.kind, shape, files) {
                    fault(&field.id, detail);
                }
            }
        }
    }
    let known = |id: &String| fields.iter().any(|field| field.id == *id);
    for id in filled.keys().filter(|id| !known(id)) {
        fault(
            id,
            "is no field here; the workflow defines the fields".to_owned(),
        );
    }
    faults
}

fn mismatch(kind: &FieldKind, shape: &JsonType, files: &[String]) -> Option<String> {
    let must = |what: &str| Some(format!("must be {what}"));
    match (kind, shape) {
        (FieldKind::Text, JsonType::Text(_))
        | (FieldKind::Number, JsonType::Number)
        | (FieldKind::Boolean, JsonType::Boolean)
        | (FieldKind::List, JsonType::List) => None,
        (FieldKind::Date, JsonType::Text(text)) if text.parse::<Date>().is_ok() => None,
        (FieldKind::Choice(choices), JsonType::Text(text)) if choices.contains(text) => None,
        (FieldKind::File, JsonType::Text(name)) if files.contains(name) => None,
        (FieldKind::Text, _) => must("a text"),
        (FieldKind::Number, _) => must("a number"),
        (FieldKind::Boolean, _) => must("true or false"),
        (FieldKind::List, _) => must("a list"),
        (FieldKind::Date, _) => must("a day like 2026-11-21"),
        (FieldKind::Choice(choices), _) => must(&format!("one of {}", choices.join(", "))),
        (FieldKind::File, _) => must("the name of one of the attachments"),
    }
}
