//! Checks between settings that are valid on their own.

use std::collections::BTreeMap;

use super::fault::{Fault, Origin};
use super::sources::FoundValue;
use super::units::show_bytes;
use super::values::{Value, Values};

/// Pairs of settings that require each other.
const PAIRS: &[(&str, &str)] = &[
    ("database.cert_file", "database.key_file"),
    ("broker.cert_file", "broker.key_file"),
    ("http.cert_file", "http.key_file"),
    ("ops.cert_file", "ops.key_file"),
];

/// Settings that need another one.
const NEEDS: &[(&str, &str)] = &[
    ("http.client_ca_file", "http.cert_file"),
    ("ops.client_ca_file", "ops.cert_file"),
];

/// Pairs of sizes: the first must not be below the second.
const AT_LEAST: &[(&str, &str)] = &[
    ("worker.bytes_in_flight", "limits.body_bytes"),
    ("limits.body_bytes", "limits.text_bytes"),
];

/// Concurrent transactions for the events of one partition: while one waits for its round trips,
/// the database works on the other.
pub const WRITERS_PER_PARTITION: usize = 2;
/// Other connections that a process needs: for dead letters, the relay, samples, and replays.
const OTHER_CONNECTIONS: usize = 4;

/// Concurrent transactions for the events of all tenants that have queues of their own: what the
/// pool has beyond its other uses.
#[must_use]
pub fn tenant_writers(pool: usize, partitions: u16) -> usize {
    pool.saturating_sub(needed(partitions.into())).max(1)
}

fn needed(partitions: usize) -> usize {
    partitions * WRITERS_PER_PARTITION + OTHER_CONNECTIONS
}

/// Paths that must differ.
const DISTINCT: &[&str] = &[
    "dialects.open_capture",
    "dialects.diadoc",
    "dialects.ahgora",
    "dialects.omflow",
];

/// The faults between settings.
pub(super) fn between(values: &Values, found: &BTreeMap<&'static str, FoundValue>) -> Vec<Fault> {
    let origin = |key: &str| found.get(key).map_or(Origin::Default, |f| f.origin.clone());
    let mut faults = Vec::new();
    let pairs = PAIRS
        .iter()
        .flat_map(|(one, other)| [(one, other), (other, one)]);
    for (given, missing) in pairs.chain(NEEDS.iter().map(|(one, other)| (one, other))) {
        if found.contains_key(given) && !found.contains_key(missing) {
            let fault = Fault::new(*given, format!("needs `{missing}` too"));
            faults.push(fault.from(origin(given)));
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
    faults.extend(open_to_all(values).map(|fault| fault.from(origin("http.anonymous"))));
    faults.extend(small_pool(values).map(|fault| fault.from(origin("database.pool"))));
    let text = |key: &str| match values.0.get(key) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    for (place, key) in DISTINCT.iter().enumerate() {
        let same = |other: &&&str| text(key).is_some() && text(key) == text(other);
        if let Some(other) = DISTINCT.iter().take(place).find(same) {
            let fault = Fault::new(*key, format!("is the same as `{other}`"));
            faults.push(fault.from(origin(key)));
        }
    }
    faults
}

/// Requests without a key from other machines.
fn open_to_all(values: &Values) -> Option<Fault> {
    let anonymous =
        matches!(values.0.get("http.anonymous"), Some(Value::Text(text)) if text == "true");
    match values.0.get("http.listen") {
        Some(Value::Address(address)) if anonymous && !address.ip().is_loopback() => {
            let problem = format!("is for a loopback address, and `http.listen` is {address}");
            Some(Fault::new("http.anonymous", problem).allowed("`false` there".to_owned()))
        }
        _ => None,
    }
}

/// A pool that is too small for the partitions.
fn small_pool(values: &Values) -> Option<Fault> {
    let number = |key: &str| match values.0.get(key) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    };
    let (pool, partitions) = (number("database.pool")?, number("broker.partitions")?);
    let needed = needed(usize::try_from(partitions).unwrap_or(usize::MAX)) as u64;
    (pool < needed).then(|| {
        let problem = format!(
            "is too few for `broker.partitions` = {partitions}, which need \
             {WRITERS_PER_PARTITION} each and {OTHER_CONNECTIONS} more"
        );
        Fault::new("database.pool", problem).allowed(format!("{needed} or more"))
    })
}
