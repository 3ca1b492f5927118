//! Schemas on the page: in short where they are used, as a table where they are defined.

use serde_json::{Map, Value};

use super::html::Html;

/// The prefix of references to schemas.
const SCHEMAS: &str = "#/components/schemas/";
/// To which depth a schema is described in short; the JSON has the rest.
const DEPTH_MAX: u8 = 4;

/// A schema in short, with links to named ones.
pub(super) fn short(schema: &Value) -> Html {
    described(schema, DEPTH_MAX)
}

/// A named schema: its fields, and all of it as JSON.
pub(super) fn definition((name, schema): (&String, &Value)) -> Html {
    let mut rows = Vec::new();
    collect(schema, &mut rows);
    let table = Html::table(["field", "type", "description"], &rows);
    let json = Html::element("pre", &Html::text(&format!("{schema:#}")));
    let summary = Html::element("summary", &Html::text("JSON Schema"));
    let kind = match rows.is_empty() {
        true => Html::element("p", &short(schema)),
        false => Html::default(),
    };
    let parts = [
        Html::element("h3", &Html::text(name)),
        description(schema),
        kind,
        table,
        Html::element("details", &Html::from_iter([summary, json])),
    ];
    Html::place(
        "section",
        &format!("schema-{name}"),
        &parts.into_iter().collect(),
    )
}

/// The description, as a paragraph.
pub(super) fn description(of: &Value) -> Html {
    match of.get("description").and_then(Value::as_str) {
        Some(text) => Html::element("p", &Html::prose(text)),
        None => Html::default(),
    }
}

/// The fields of an object, also of one that is composed with `allOf`.
fn collect(schema: &Value, rows: &mut Vec<[Html; 3]>) {
    let required = schema.get("required").and_then(Value::as_array);
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, field) in properties.into_iter().flatten() {
        let is_required = required.is_some_and(|names| names.iter().any(|n| n == name));
        let mut first = Html::element("code", &Html::text(name));
        if is_required {
            first.add(&Html::element("small", &Html::text(" required")));
        }
        let description = field.get("description").and_then(Value::as_str);
        rows.push([
            first,
            short(field),
            Html::prose(description.unwrap_or_default()),
        ]);
    }
    for part in list(schema, "allOf") {
        if let Some(name) = reference(part) {
            rows.push([Html::text("and those of"), named(name), Html::default()]);
        } else {
            collect(part, rows);
        }
    }
}

fn described(schema: &Value, depth: u8) -> Html {
    if let Some(name) = reference(schema) {
        return named(name);
    }
    let Some(deeper) = depth.checked_sub(1) else {
        return Html::text("…");
    };
    let names = list(schema, "enum");
    if !names.is_empty() {
        let values = names
            .iter()
            .map(|name| Html::element("code", &Html::text(&plain(name))));
        return joined(values, " · ");
    }
    for (key, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        let parts = list(schema, key);
        if !parts.is_empty() && schema.get("properties").is_none() {
            return joined(parts.iter().map(|part| described(part, deeper)), between);
        }
    }
    if let Some(items) = schema.get("items") {
        return joined([Html::text("list of"), described(items, deeper)], " ");
    }
    if let Some(values) = schema.get("additionalProperties").filter(|v| v.is_object()) {
        return joined([Html::text("object of"), described(values, deeper)], " ");
    }
    Html::text(&simple(schema))
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

fn named(name: &str) -> Html {
    Html::link(&format!("#schema-{name}"), &Html::text(name))
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)
}

fn list<'a>(schema: &'a Value, key: &str) -> &'a [Value] {
    schema
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn joined(parts: impl IntoIterator<Item = Html>, between: &str) -> Html {
    let mut html = Html::default();
    for (number, part) in parts.into_iter().enumerate() {
        if number > 0 {
            html.add(&Html::text(between));
        }
        html.add(&part);
    }
    html
}

/// The schemas of a document, by name.
pub(super) fn all(document: &Value) -> Option<&Map<String, Value>> {
    document.pointer("/components/schemas")?.as_object()
}
