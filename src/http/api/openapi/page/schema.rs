//! Schemas on the page: in short where they are used, as a table where they are defined.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::{prose, table, text};

/// The prefix of references to schemas.
const SCHEMAS: &str = "#/components/schemas/";
/// To which depth a schema is described in short; the JSON has the rest.
const DEPTH_MAX: u8 = 4;

/// A schema in short, with links to named ones.
pub(super) fn short(schema: &Value) -> Markup {
    described(schema, DEPTH_MAX)
}

/// A named schema: its fields, and all of it as JSON.
pub(super) fn definition(name: &str, schema: &Value) -> Markup {
    let mut rows = Vec::new();
    collect(schema, &mut rows);
    html! {
        section id=(format!("schema-{name}")) {
            h3 { (name) }
            (description(schema))
            @if rows.is_empty() { p { (short(schema)) } }
            (table(["field", "type", "description"], &rows))
            details { summary { "JSON Schema" } pre { (format!("{schema:#}")) } }
        }
    }
}

/// The description, as a paragraph.
pub(super) fn description(of: &Value) -> Markup {
    let text = of.get("description").and_then(Value::as_str);
    html! { @if let Some(text) = text { p { (prose(text)) } } }
}

/// The fields of an object, also of one that is composed with `allOf`.
fn collect(schema: &Value, rows: &mut Vec<[Markup; 3]>) {
    let required = list(schema, "required");
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, field) in properties.into_iter().flatten() {
        let is_required = required.iter().any(|required| required == name);
        let name = html! { code { (name) } @if is_required { small { " required" } } };
        rows.push([name, short(field), prose(text(field, "description"))]);
    }
    for part in list(schema, "allOf") {
        if let Some(name) = reference(part) {
            rows.push([html! { "and those of" }, named(name), html! {}]);
        } else {
            collect(part, rows);
        }
    }
}

fn described(schema: &Value, depth: u8) -> Markup {
    if let Some(name) = reference(schema) {
        return named(name);
    }
    let Some(deeper) = depth.checked_sub(1) else {
        return html! { "…" };
    };
    let names = list(schema, "enum");
    if !names.is_empty() {
        let values = names.iter().map(|name| html! { code { (plain(name)) } });
        return joined(values, " · ");
    }
    for (key, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        let parts = list(schema, key);
        if !parts.is_empty() && schema.get("properties").is_none() {
            return joined(parts.iter().map(|part| described(part, deeper)), between);
        }
    }
    if let Some(items) = schema.get("items") {
        return html! { "list of " (described(items, deeper)) };
    }
    if let Some(values) = schema.get("additionalProperties").filter(|v| v.is_object()) {
        return html! { "object of " (described(values, deeper)) };
    }
    html! { (simple(schema)) }
}

/// The type of a schema that is neither named nor composed, and its format.
fn simple(schema: &Value) -> String {
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().map(plain).collect(),
        Some(type_) => vec![plain(type_)],
        None => vec!["anything".to_owned()],
    };
    let mut short = types.join(" or ");
    if let Some(Value::String(form)) = schema.get("format") {
        short.push_str(&format!(", {form}"));
    }
    let bound = |key: &str| schema.get(key).filter(|bound| bound.is_number()).map(plain);
    match (bound("minimum"), bound("maximum")) {
        (Some(min), Some(max)) => short.push_str(&format!(", {min} to {max}")),
        (Some(min), None) => short.push_str(&format!(", {min} or more")),
        _ => {}
    }
    short
}

fn named(name: &str) -> Markup {
    html! { a href=(format!("#schema-{name}")) { (name) } }
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)
}

/// The values of an array; none if there is none.
pub(super) fn list<'a>(of: &'a Value, key: &str) -> &'a [Value] {
    let values = of.get(key).and_then(Value::as_array);
    values.map_or(&[], Vec::as_slice)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn joined(parts: impl Iterator<Item = Markup>, between: &str) -> Markup {
    html! {
        @for (number, part) in parts.enumerate() {
            @if number > 0 { (between) }
            (part)
        }
    }
}

/// The schemas of a document, by name.
pub(super) fn all(document: &Value) -> Option<&Map<String, Value>> {
    document.pointer("/components/schemas")?.as_object()
}
