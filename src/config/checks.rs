//! What must hold between settings that are each fine by themselves.

use std::collections::BTreeMap;

use super::fault::{Fault, Origin};
use super::sources::Found;
use super::units::show_bytes;
use super::values::{Value, Values};

/// Settings that make sense only together.
const TOGETHER: &[(&str, &str)] = &[
    ("database.cert_file", "database.key_file"),
    ("broker.cert_file", "broker.key_file"),
];

/// Sizes of which the first must not be below the second.
const AT_LEAST: &[(&str, &str)] = &[
    ("worker.bytes_in_flight", "limits.body_bytes"),
    ("limits.body_bytes", "limits.text_bytes"),
];

/// Paths of which no two may be the same.
const APART: &[&str] = &[
    "dialects.open_capture",
    "dialects.diadoc",
    "dialects.ahgora",
    "dialects.omflow",
];

/// The faults between settings.
pub(super) fn between(values: &Values, found: &BTreeMap<&'static str, Found>) -> Vec<Fault> {
    let origin = |key: &str| found.get(key).map_or(Origin::Default, |f| f.origin.clone());
    let mut faults = Vec::new();
    for (one, other) in TOGETHER {
        for (given, missing) in [(one, other), (other, one)] {
            if found.contains_key(given) && !found.contains_key(missing) {
                let fault = Fault::new(*given, format!("needs `{missing}` too"));
                faults.push(fault.from(origin(given)));
            }
        }
    }
    for (more, less) in AT_LEAST {
        if let (Some(Value::Number(a)), Some(Value::Number(b))) =
            (values.0.get(more), values.0.get(less))
            && a < b
        {
            let problem = format!("is below `{less}` ({})", origin(less));
            let fault = Fault::new(*more, problem).from(origin(more));
            faults.push(fault.allowed(format!("{} or more", show_bytes(*b))));
        }
    }
    let text = |key: &str| match values.0.get(key) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    for (place, key) in APART.iter().enumerate() {
        let mut others = APART.iter().take(place);
        let same = |other: &&&str| text(key).is_some() && text(key) == text(other);
        if let Some(other) = others.find(same) {
            let fault = Fault::new(*key, format!("is the same as `{other}`"));
            faults.push(fault.from(origin(key)));
        }
    }
    faults
}
