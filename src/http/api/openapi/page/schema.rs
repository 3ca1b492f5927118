//! Schemas on the page: in a word where they are used, in a table where they are defined.

use serde_json::{Map, Value};

use super::html::Html;

/// Where schemas are in the document.
const SCHEMAS: &str = "#/components/schemas/";
/// How deep a schema is told in words; what lies deeper can be unfolded as JSON.
const DEPTH_MAX: u8 = 4;

/// A schema in a word, with links to those that have a name.
pub(super) fn word(schema: &Value) -> Html {
    told(schema, DEPTH_MAX)
}

/// A schema that has a name: its fields, and all of it as JSON.
pub(super) fn definition((name, schema): (&String, &Value)) -> Html {
    let mut rows = Vec::new();
    collect(schema, &mut rows);
    let table = Html::table(["field", "type", "what it is"], &rows);
    let json = Html::element("pre", &Html::text(&format!("{schema:#}")));
    let summary = Html::element("summary", &Html::text("JSON Schema"));
    let kind = match rows.is_empty() {
        true => Html::element("p", &word(schema)),
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

/// What is said of something, as a paragraph.
pub(super) fn description(of: &Value) -> Html {
    match of.get("description").and_then(Value::as_str) {
        Some(text) => Html::element("p", &Html::prose(text)),
        None => Html::default(),
    }
}

/// The fields of an object, also of one that is put together.
fn collect(schema: &Value, rows: &mut Vec<[Html; 3]>) {
    let required = schema.get("required").and_then(Value::as_array);
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, field) in properties.into_iter().flatten() {
        let is_required = required.is_some_and(|names| names.iter().any(|n| n == name));
        let mut first = Html::element("code", &Html::text(name));
        if is_required {
            first.add(&Html::element("small", &Html::text(" always")));
        }
        let said = field.get("description").and_then(Value::as_str);
        rows.push([first, word(field), Html::prose(said.unwrap_or_default())]);
    }
    for part in list(schema, "allOf") {
        if let Some(name) = reference(part) {
            rows.push([Html::text("and those of"), named(name), Html::default()]);
        } else {
            collect(part, rows);
        }
    }
}

fn told(schema: &Value, depth: u8) -> Html {
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
            return joined(parts.iter().map(|part| told(part, deeper)), between);
        }
    }
    if let Some(items) = schema.get("items") {
        return joined([Html::text("list of"), told(items, deeper)], " ");
    }
    if let Some(values) = schema.get("additionalProperties").filter(|v| v.is_object()) {
        return joined([Html::text("object of"), told(values, deeper)], " ");
    }
    Html::text(&simple(schema))
}

/// The type of what is neither named nor put together, and its form.
fn simple(schema: &Value) -> String {
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().map(plain).collect(),
        Some(type_) => vec![plain(type_)],
        None => vec!["anything".to_owned()],
    };
    let mut word = types.join(" or ");
    if let Some(Value::String(form)) = schema.get("format") {
        word.push_str(&format!(", {form}"));
    }
    let bound = |key: &str| schema.get(key).filter(|bound| bound.is_number()).map(plain);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => word.push_str(&format!(", {least} to {most}")),
        (Some(least), None) => word.push_str(&format!(", {least} or more")),
        _ => {}
    }
    word
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

/// The schemas of a document, by their names.
pub(super) fn all(document: &Value) -> Option<&Map<String, Value>> {
    document.pointer("/components/schemas")?.as_object()
}
