//! The length of a message's properties on the wire: they must fit into one frame, or the broker
//! closes the connection.

use super::header::HeaderValue;
use super::message::Properties;

/// Head and end of a frame.
const FRAME: usize = 8;
/// The fields before the properties: class, weight, body size and property flags.
const BEFORE: usize = 14;

/// The maximum length of properties for a maximum frame size; zero means no limit.
pub(super) fn properties_max(frame_max: usize) -> usize {
    match frame_max {
        0 => usize::MAX,
        frame_max => frame_max.saturating_sub(FRAME + BEFORE),
    }
}

/// Their length as written, which may exceed the received length: numbers are written in their
/// longest form.
pub(super) fn properties(properties: &Properties) -> usize {
    let texts: usize = properties.texts().map(|text| 1 + text.len()).sum();
    let time = properties.timestamp.map_or(0, |_| 8);
    let small = [properties.delivery_mode, properties.priority];
    texts + time + small.into_iter().flatten().count() + table(&properties.headers)
}

fn table(entries: &[(String, HeaderValue)]) -> usize {
    let entry = |(name, value): &(String, HeaderValue)| 1 + name.len() + self::value(value);
    4 + entries.iter().map(entry).sum::<usize>()
}

/// The length of a value, including its type octet.
fn value(value: &HeaderValue) -> usize {
    1 + match value {
        HeaderValue::Void => 0,
        HeaderValue::Bool(_) => 1,
        HeaderValue::Decimal { .. } => 5,
        HeaderValue::Int(_)
        | HeaderValue::Uint(_)
        | HeaderValue::Float(_)
        | HeaderValue::Timestamp(_) => 8,
        HeaderValue::Text(text) => 4 + text.len(),
        HeaderValue::Bytes(bytes) => 4 + bytes.len(),
        HeaderValue::List(items) => 4 + items.iter().map(self::value).sum::<usize>(),
        HeaderValue::Table(entries) => table(entries),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_equals_the_one_on_the_wire() {
        let headers = vec![
            ("a".to_owned(), HeaderValue::Text("xyz".to_owned())),
            ("n".to_owned(), HeaderValue::List(vec![HeaderValue::Int(1)])),
        ];
        let some = Properties {
            message_id: Some("12".to_owned()),
            delivery_mode: Some(2),
            headers,
            ..Properties::default()
        };
        // The id, the mode, the table: its length, then name, type and value of each.
        assert_eq!(properties(&some), 3 + 1 + 4 + (2 + 1 + 7) + (2 + 1 + 4 + 9));
        assert_eq!(properties_max(131_072), 131_050);
        assert_eq!(properties_max(0), usize::MAX);
    }
}
