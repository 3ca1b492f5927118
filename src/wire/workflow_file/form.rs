//! The fields of a form, of the opening or of a stage.

use std::collections::BTreeSet;

use toml::de::DeValue;

use super::reader::{Reader, Span};
use super::table::Table;
use super::{CHOICE_BYTES_MAX, CHOICES_MAX, FIELDS_MAX, NAME_BYTES_MAX};
use crate::config::nearest;
use crate::config::quoted;
use crate::domain::workflow::{Field, FieldKind};

const KEYS: [&str; 4] = ["id", "type", "required", "choices"];
const TYPES: [&str; 7] = [
    "text", "number", "boolean", "date", "choice", "list", "file",
];

/// The form in a table; `header` is the header of its fields.
pub(super) fn read(reader: &mut Reader<'_>, owner: &Table<'_, '_>, header: &str) -> Vec<Field> {
    let Some(value) = owner.get("form") else {
        return Vec::new();
    };
    let expected = format!("each field under a header `{header}`");
    let DeValue::Array(entries) = value.get_ref() else {
        return owner
            .wrong(reader, "form", value, &expected)
            .unwrap_or_default();
    };
    if entries.len() > FIELDS_MAX {
        let (what, count) = (&owner.what, entries.len());
        let message = format!("the form of {what} has {count} fields; {FIELDS_MAX} are allowed");
        reader.fault(&value.span(), message);
        return Vec::new();
    }
    let mut ids = BTreeSet::new();
    let mut fields = Vec::new();
    for entry in entries {
        let DeValue::Table(table) = entry.get_ref() else {
            let _: Option<()> = owner.wrong(reader, "form", entry, &expected);
            continue;
        };
        let table = Table::new(table, entry.span(), format!("a field of {}", owner.what));
        fields.extend(field(reader, table, &mut ids));
    }
    fields
}

fn field(
    reader: &mut Reader<'_>,
    mut table: Table<'_, '_>,
    ids: &mut BTreeSet<String>,
) -> Option<Field> {
    let id = table.required_text(reader, "id", "`id = \"amount\"`");
    if let Some((id, at)) = &id {
        reader.check_label(at, "the id of a field", id, NAME_BYTES_MAX);
        if !ids.insert(id.clone()) {
            let (what, id) = (&table.what, quoted(id));
            let message =
                format!("{what} has the id {id}, which the form has already; rename or remove one");
            reader.fault(at, message);
        }
        table.what = format!("field {}", quoted(id));
    }
    table.check_keys(reader, &KEYS);
    let required = table.flag(reader, "required").unwrap_or(false);
    let kind = kind(reader, &table);
    let ((id, at), kind) = (id?, kind?);
    check_same(reader, &id, &at, &kind);
    Some(Field { id, kind, required })
}

fn kind(reader: &mut Reader<'_>, table: &Table<'_, '_>) -> Option<FieldKind> {
    let (name, at) = table.required_text(reader, "type", "`type = \"text\"`")?;
    let kind = match name.as_str() {
        "text" => FieldKind::Text,
        "number" => FieldKind::Number,
        "boolean" => FieldKind::Boolean,
        "date" => FieldKind::Date,
        "list" => FieldKind::List,
        "file" => FieldKind::File,
        "choice" => return choices(reader, table, &at).map(FieldKind::Choice),
        _ => {
            let remedy = match nearest(&name, TYPES.into_iter()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the types are `{}`", TYPES.join("`, `")),
            };
            let (what, name) = (&table.what, quoted(&name));
            reader.fault(&at, format!("{what} has the unknown type {name}; {remedy}"));
            return None;
        }
    };
    if let Some(choices) = table.get("choices") {
        let message = format!(
            "{} has `choices` and the type `{name}`; remove them, or write `type = \"choice\"`",
            table.what
        );
        reader.fault(&choices.span(), message);
    }
    Some(kind)
}

fn choices(reader: &mut Reader<'_>, table: &Table<'_, '_>, at: &Span) -> Option<Vec<String>> {
    if table.get("choices").is_none() {
        let add = "add them: `choices = [\"low\", \"high\"]`";
        reader.fault(at, format!("{} has no `choices`; {add}", table.what));
    }
    let texts = table.texts(reader, "choices")?;
    if texts.is_empty() || texts.len() > CHOICES_MAX {
        let at = table.get("choices").map_or(at.clone(), toml::Spanned::span);
        let (called, count) = (table.called("choices"), texts.len());
        let message = format!("{called} has {count} entries; 1 to {CHOICES_MAX} are allowed");
        reader.fault(&at, message);
        return None;
    }
    let mut seen = BTreeSet::new();
    for (choice, at) in &texts {
        reader.check_label(at, "a choice", choice, CHOICE_BYTES_MAX);
        if !seen.insert(choice) {
            let (called, choice) = (table.called("choices"), quoted(choice));
            reader.fault(at, format!("{called} has {choice} twice; remove one"));
        }
    }
    Some(texts.into_iter().map(|(choice, _)| choice).collect())
}

/// Fields with the same id in several forms are one field of the order, so they have the same type.
fn check_same(reader: &mut Reader<'_>, id: &str, at: &Span, kind: &FieldKind) {
    let line = reader.line(at);
    let (first, first_line) = *reader
        .fields
        .entry(id.to_owned())
        .or_insert((kind.name(), line));
    if first != kind.name() {
        let (id, kind) = (quoted(id), kind.name());
        let message = format!(
            "field {id} has the type `{kind}` here and `{first}` in line {first_line}; an order has \
             one value for it, so rename one or give both the same type"
        );
        reader.fault(at, message);
    }
}
