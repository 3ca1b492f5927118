//! The fields of a form: given on the command line as `--set FIELD=VALUE`, beside the `--set` of
//! settings, and described to the user who fills them in.

use serde_json::{Map, Value};

use super::Sources;
use super::failure::Failure;
use crate::config::SETTINGS;
use crate::view::order::json::FieldView;

/// The most digits that survive as a number.
const DIGITS_MAX: usize = 15;

/// Separates the fields from the settings given with `--set`.
pub(super) fn split(
    set: &[String],
    sources: &Sources,
) -> Result<(Map<String, Value>, Sources), Failure> {
    let (settings, fields): (Vec<_>, Vec<_>) = set.iter().cloned().partition(|s| is_setting(s));
    Ok((parse(&fields)?, sources.with(settings)))
}

/// The field's type or choices, and whether it is required; raw, so the caller must escape it.
pub(super) fn describe(field: &FieldView<'_>) -> String {
    let kind = match field.choices.is_empty() {
        false => format!("one of {}", field.choices.join(", ")),
        true => field.kind.to_string(),
    };
    let required = if field.required { ", required" } else { "" };
    format!("field {}: {kind}{required}", field.id)
}

/// The fields by name: a value that is not JSON is a text.
fn parse(set: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut fields = Map::new();
    let mut faults = Vec::new();
    for given in set {
        let Some((field, text)) = given.split_once('=') else {
            faults.push(format!("--set {given}: has no `=`; write FIELD=VALUE"));
            continue;
        };
        if field.is_empty() {
            faults.push(format!(
                "--set {given}: the field name is empty; write FIELD=VALUE"
            ));
            continue;
        }
        let value = value(text);
        if is_rounded(&value, text) {
            faults.push(format!(
                "--set {given}: the number has too many digits to be stored exactly; write it as a \
                 text: '{field}=\"{text}\"'"
            ));
        }
        if fields.insert(field.to_owned(), value).is_some() {
            faults.push(format!("--set {given}: gives `{field}` a second time"));
        }
    }
    if faults.is_empty() {
        Ok(fields)
    } else {
        Err(Failure::Usage(faults.join("\n")))
    }
}

/// Whether it names a setting by its section. A misspelt setting counts too: it may contain a
/// password, which must not end up in an event.
fn is_setting(given: &str) -> bool {
    let key = given.split_once('=').map_or(given, |(key, _)| key);
    let section = key.split_once('.').map(|(section, _)| section);
    section.is_some_and(|section| SETTINGS.iter().any(|setting| setting.section() == section))
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn is_rounded(value: &Value, text: &str) -> bool {
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = digits.chars().filter(char::is_ascii_digit).count();
    value.is_f64() && digits > DIGITS_MAX
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(set: &[&str]) -> Result<Value, String> {
        let set: Vec<_> = set.iter().map(|s| (*s).to_owned()).collect();
        match parse(&set) {
            Ok(fields) => Ok(Value::Object(fields)),
            Err(Failure::Usage(text)) => Err(text),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_value_that_is_not_json_is_a_text() {
        let set = ["a=12.5", "b=true", "c=x=y", "d=", "e=[1,2]", "f=\"12\""];
        let expected = json!({"a": 12.5, "b": true, "c": "x=y", "d": "", "e": [1, 2], "f": "12"});
        assert_eq!(parsed(&set), Ok(expected));
    }

    #[test]
    fn every_fault_is_reported() {
        let set = ["amount", "=3", "a=1", "a=2", "n=12345678901234567890123"];
        expect_test::expect![[r#"
            --set amount: has no `=`; write FIELD=VALUE
            --set =3: the field name is empty; write FIELD=VALUE
            --set a=2: gives `a` a second time
            --set n=12345678901234567890123: the number has too many digits to be stored exactly; write it as a text: 'n="12345678901234567890123"'"#]]
        .assert_eq(&parsed(&set).unwrap_err());
    }

    #[test]
    fn a_key_in_a_settings_section_is_a_setting() {
        assert!(is_setting("broker.url=amqp://x"));
        assert!(is_setting("database.ulr=postgres://x"));
        assert!(!is_setting("amount=3") && !is_setting("delivery.day=2026-11-21"));
    }
}
