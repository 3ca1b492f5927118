//! The fields of a form: given on the command line as `--set FIELD=VALUE`, beside the `--set` of
//! settings, and told to whoever has to fill them in.

use serde_json::{Map, Value};

use super::Sources;
use super::failure::Failure;
use crate::config::SETTINGS;
use crate::view::order::json::FieldView;

/// The most digits that survive as a number.
const DIGITS_MAX: usize = 15;

/// What `--set` gave: the fields, and the sources with the settings alone.
pub(super) fn split(
    set: &[String],
    sources: &Sources,
) -> Result<(Map<String, Value>, Sources), Failure> {
    let (settings, fields): (Vec<_>, Vec<_>) = set.iter().cloned().partition(|s| is_setting(s));
    Ok((parse(&fields)?, sources.with(settings)))
}

/// What may be filled in, and whether it must be; raw, so whoever shows it escapes it.
pub(super) fn words(field: &FieldView<'_>) -> String {
    let kind = match field.choices.is_empty() {
        false => format!("one of {}", field.choices.join(", ")),
        true => field.kind.to_string(),
    };
    let required = if field.required { ", required" } else { "" };
    format!("field {}: {kind}{required}", field.id)
}

/// The fields by name: JSON where the value is that, else a text.
fn parse(set: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut fields = Map::new();
    let mut faults = Vec::new();
    for given in set {
        let Some((field, text)) = given.split_once('=') else {
            faults.push(format!("--set {given}: has no `=`; write FIELD=VALUE"));
            continue;
        };
        if field.is_empty() {
            faults.push(format!("--set {given}: names no field; write FIELD=VALUE"));
            continue;
        }
        let value = value(text);
        if is_rounded(&value, text) {
            faults.push(format!(
                "--set {given}: has more digits than a number can keep; write it as a text: \
                 '{field}=\"{text}\"'"
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

/// Whether it names something of a section of settings, known or misspelt: a misspelt one may
/// carry a password, which must not end in an event.
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
    fn a_value_is_json_where_it_can_be_and_else_a_text() {
        let set = ["a=12.5", "b=true", "c=x=y", "d=", "e=[1,2]", "f=\"12\""];
        let expected = json!({"a": 12.5, "b": true, "c": "x=y", "d": "", "e": [1, 2], "f": "12"});
        assert_eq!(parsed(&set), Ok(expected));
    }

    #[test]
    fn every_fault_is_told() {
        let set = ["amount", "=3", "a=1", "a=2", "n=12345678901234567890123"];
        expect_test::expect![[r#"
            --set amount: has no `=`; write FIELD=VALUE
            --set =3: names no field; write FIELD=VALUE
            --set a=2: gives `a` a second time
            --set n=12345678901234567890123: has more digits than a number can keep; write it as a text: 'n="12345678901234567890123"'"#]]
        .assert_eq(&parsed(&set).unwrap_err());
    }

    #[test]
    fn settings_stay_settings() {
        assert!(is_setting("broker.url=amqp://x"));
        assert!(is_setting("database.ulr=postgres://x"));
        assert!(!is_setting("amount=3") && !is_setting("delivery.day=2026-11-21"));
    }
}
