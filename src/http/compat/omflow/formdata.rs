//! Converts a form of OMFLOW, a list of `{id, value}` in which nearly every value is a string, into
//! the form of an order.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use crate::domain::workflow::{Field, FieldKind, NextStages, Stage};
use crate::http::web::HttpProblem;

/// A form: JSON values by field.
pub(super) type Form = BTreeMap<String, Box<RawValue>>;

const FORMDATA: &str = "#/formdata";
const FILES_ITEM: &str = "#/files_item";

/// A field of the list; its `type` is ignored, since the workflow defines it.
#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(default)]
    value: Option<Box<RawValue>>,
}

/// The form in `formdata`; empty if that is missing.
pub(super) fn read(text: Option<&str>, max: usize) -> Result<Form, HttpProblem> {
    let items = list::<Item>((FORMDATA, text), "{\"id\": text, \"value\": anything}", max)?;
    let mut form = Form::new();
    for Item { id, value } in items {
        if form.contains_key(&id) {
            return Err(HttpProblem::body_at(FORMDATA, &format!("has {id} twice")));
        }
        form.insert(id, value.unwrap_or_else(null));
    }
    Ok(form)
}

/// The file fields in `files_item`.
pub(super) fn file_fields(text: Option<&str>, max: usize) -> Result<Vec<String>, HttpProblem> {
    list((FILES_ITEM, text), "the ids of file fields", max)
}

/// A list with at most `max` entries; empty if it is missing.
fn list<T: DeserializeOwned>(
    (pointer, text): (&str, Option<&str>),
    of: &str,
    max: usize,
) -> Result<Vec<T>, HttpProblem> {
    let wrong = |detail: String| HttpProblem::body_at(pointer, &detail);
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let list: Vec<T> =
        serde_json::from_str(text).map_err(|_| wrong(format!("must be a JSON list of {of}")))?;
    match list.len() > max {
        true => Err(wrong(format!("must have at most {max} entries"))),
        false => Ok(list),
    }
}

/// Sets a field to the names of its files: a string for one file, a list for several or if the
/// workflow declares a list.
pub(super) fn name_files(form: &mut Form, field: &str, names: &[&str], fields: &[Field]) {
    let is_list = |of: &Field| of.id == field && of.kind == FieldKind::List;
    let value = match names {
        [] => return,
        [name] if !fields.iter().any(is_list) => raw(&Value::from(*name)),
        names => raw(&Value::from(names.to_vec())),
    };
    form.insert(field.to_owned(), value);
}

/// Converts values to the types that the workflow declares, if they are equivalent.
pub(super) fn fit(form: &mut Form, fields: &[Field]) {
    for field in fields {
        if let Some(value) = form.get_mut(&field.id)
            && let Some(fitting) = fitting(value.get(), field)
        {
            *value = fitting;
        }
    }
}

/// The outcome of a form: the value of the only field whose choices all are outcomes.
pub(super) fn outcome(stage: &Stage, form: &Form) -> Option<String> {
    let NextStages::ByOutcome(outcomes) = &stage.next else {
        return None;
    };
    let mut deciding = stage.form.iter().filter(|field| match &field.kind {
        FieldKind::Choice(choices) => choices.iter().all(|choice| outcomes.contains_key(choice)),
        _ => false,
    });
    let (Some(field), None) = (deciding.next(), deciding.next()) else {
        return None;
    };
    serde_json::from_str(form.get(&field.id)?.get()).ok()
}

/// The value converted to the type of the field; `None` if it stays unchanged.
fn fitting(json: &str, field: &Field) -> Option<Box<RawValue>> {
    let Ok(text) = serde_json::from_str::<String>(json) else {
        // A string that can't be parsed has a lone surrogate; it stays unchanged.
        let is_word = !json.starts_with(['[', '{', 'n', '"']);
        let takes_text = matches!(field.kind, FieldKind::Text | FieldKind::Choice(_));
        return (is_word && takes_text).then(|| raw(&Value::from(json)));
    };
    // An empty input of an HTML form is sent as an empty string.
    if text.is_empty() && (field.required || field.kind != FieldKind::Text) {
        return Some(null());
    }
    let text = text.trim();
    let is_equivalent = match field.kind {
        FieldKind::Number => serde_json::from_str::<Number>(text).is_ok(),
        FieldKind::Boolean => matches!(text, "true" | "false"),
        FieldKind::List => text.starts_with('['),
        FieldKind::Text | FieldKind::Date | FieldKind::Choice(_) | FieldKind::File => false,
    };
    match is_equivalent {
        true => RawValue::from_string(text.to_owned()).ok(),
        false => None,
    }
}

fn null() -> Box<RawValue> {
    raw(&Value::Null)
}

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(id: &str, kind: FieldKind, required: bool) -> Field {
        Field {
            id: id.to_owned(),
            kind,
            required,
        }
    }

    fn detail(read: Result<Form, HttpProblem>) -> String {
        read.unwrap_err().detail().to_owned()
    }

    #[test]
    fn a_list_of_ids_and_values_is_a_form() {
        let text = r#"[{"id": "FORMITM_2", "value": "a \"b\"", "type": "inputbox"},
                       {"id": "FORMITM_3", "value": 12.50}, {"id": "FORMITM_4"}]"#;
        let form = read(Some(text), 3).unwrap();
        let said = serde_json::to_string(&form).unwrap();
        let expected = r#"{"FORMITM_2":"a \"b\"","FORMITM_3":12.50,"FORMITM_4":null}"#;
        assert_eq!(said, expected);
        assert!(read(None, 3).unwrap().is_empty() && read(Some("[]"), 3).unwrap().is_empty());

        assert!(detail(read(Some(text), 2)).contains("#/formdata must have at most 2 entries"));
        let twice = r#"[{"id": "a"}, {"id": "a"}]"#;
        assert!(detail(read(Some(twice), 3)).contains("has a twice"));
        for wrong in ["", "{", "{}", "[1]", r#"[{"value": 1}]"#, r#"[{"id": 1}]"#] {
            assert!(
                detail(read(Some(wrong), 3)).contains("must be a JSON list"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn strings_become_the_declared_types_and_nothing_else_changes() {
        let choice = FieldKind::Choice(vec!["1".to_owned()]);
        for (given, kind, required, fitted) in [
            (r#""12.50""#, FieldKind::Number, true, "12.50"),
            (r#"" 7 ""#, FieldKind::Number, true, "7"),
            (r#""7a""#, FieldKind::Number, true, r#""7a""#),
            (r#""0x7""#, FieldKind::Number, true, r#""0x7""#),
            (r#""true""#, FieldKind::Boolean, false, "true"),
            (r#""yes""#, FieldKind::Boolean, false, r#""yes""#),
            (r#""[1, 2]""#, FieldKind::List, false, "[1, 2]"),
            (r#""[1""#, FieldKind::List, false, r#""[1""#),
            ("12.50", FieldKind::Text, true, r#""12.50""#),
            ("1", choice, true, r#""1""#),
            ("null", FieldKind::Text, true, "null"),
            ("[1]", FieldKind::Text, true, "[1]"),
            (r#""\ud800""#, FieldKind::Text, true, r#""\ud800""#),
            (r#""""#, FieldKind::Text, false, r#""""#),
            (r#""""#, FieldKind::Text, true, "null"),
            (r#""""#, FieldKind::Date, false, "null"),
        ] {
            let text = format!(r#"[{{"id": "a", "value": {given}}}, {{"id": "b", "value": "1"}}]"#);
            let mut form = read(Some(&text), 2).unwrap();
            fit(&mut form, &[field("a", kind, required)]);
            let get = |id: &str| form.get(id).map(|value| value.get().to_owned());
            assert_eq!(get("a").as_deref(), Some(fitted), "{given}");
            assert_eq!(get("b").as_deref(), Some(r#""1""#));
        }
    }

    #[test]
    fn a_field_of_files_has_the_name_of_one_or_the_names_of_several() {
        let items = file_fields(Some(r#"["FORMITM_3"]"#), 1).unwrap();
        assert_eq!(items, ["FORMITM_3"]);
        assert!(file_fields(Some(r#"["a", "b"]"#), 1).is_err());
        assert!(file_fields(Some("FORMITM_3"), 1).is_err());
        let mut form = Form::new();
        let fields = [field("list", FieldKind::List, false)];
        name_files(&mut form, "none", &[], &fields);
        name_files(&mut form, "one", &["a.pdf"], &fields);
        name_files(&mut form, "list", &["a.pdf"], &fields);
        name_files(&mut form, "two", &["a.pdf", "b.pdf"], &fields);
        let form = serde_json::to_value(&form).unwrap();
        assert_eq!(
            form,
            json!({"one": "a.pdf", "list": ["a.pdf"], "two": ["a.pdf", "b.pdf"]})
        );
    }

    #[test]
    fn the_field_whose_choices_are_the_outcomes_says_the_outcome() {
        let choice = |id: &str, choices: &[&str]| {
            let choices = choices.iter().map(|choice| (*choice).to_owned());
            field(id, FieldKind::Choice(choices.collect()), false)
        };
        let outcomes = ["yes", "no"].map(|outcome| (outcome.to_owned(), Vec::new()));
        let mut stage = Stage {
            next: NextStages::ByOutcome(BTreeMap::from(outcomes)),
            join: None,
            form: vec![choice("how", &["red"]), choice("decision", &["yes", "no"])],
            deadline: None,
        };
        let form = read(Some(r#"[{"id": "decision", "value": "yes"}]"#), 1).unwrap();
        assert_eq!(outcome(&stage, &form).as_deref(), Some("yes"));
        assert_eq!(outcome(&stage, &Form::new()), None);
        stage.form.push(choice("other", &["no"]));
        assert_eq!(outcome(&stage, &form), None, "two fields could decide");
        stage.next = NextStages::All(Vec::new());
        assert_eq!(outcome(&stage, &form), None);
    }
}
