//! Whether two JSON texts are equal, ignoring whitespace, the order of members and the notation of
//! numbers and strings.

use serde_json::{Number, Value};

/// Whether both are equal.
#[must_use]
pub fn same_json(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let read = |text| serde_json::from_str::<Value>(text).ok();
    match (read(one), read(other)) {
        (Some(one), Some(other)) => same(&one, &other),
        _ => false,
    }
}

fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has_same = |(name, value)| other.get(name).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(has_same)
        }
        _ => one == other,
    }
}

/// Whole numbers are compared as integers: as floats different large ones would be equal.
fn same_number(one: &Number, other: &Number) -> bool {
    one == other
        || (one.is_f64() || other.is_f64())
            && one.as_f64().is_some()
            && one.as_f64() == other.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_written_differently_is_the_same() {
        for (one, other) in [
            (
                r#"{"a":1,"b":[true,null]}"#,
                r#"{ "b": [ true, null ], "a": 1 }"#,
            ),
            (r#"{"a":1.0}"#, r#"{"a":1}"#),
            (r#"{"a":100}"#, r#"{"a":1e2}"#),
            (r#"{"a":"\u00e4"}"#, r#"{"a":"ä"}"#),
        ] {
            assert!(same_json(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_says_something_else_is_another() {
        for (one, other) in [
            (r#"{"a":1}"#, r#"{"a":2}"#),
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#),
            (r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#),
        ] {
            assert!(!same_json(one, other), "{one} {other}");
        }
    }
}
