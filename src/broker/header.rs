//! The values of a message's headers, and their conversion to and from the client library.

use std::borrow::Cow;

use lapin::types::{AMQPValue, DecimalValue, FieldTable, ShortString};

/// How deep headers may nest; deeper values are read as [`HeaderValue::Void`].
pub const DEPTH_MAX: usize = 32;

/// A header's value. Integers of every width are read into the widest of their sign.
#[derive(Clone, Debug, PartialEq)]
pub enum HeaderValue {
    /// True or false.
    Bool(bool),
    /// A signed integer of 8 to 64 bits.
    Int(i64),
    /// An unsigned integer of 8 to 32 bits.
    Uint(u64),
    /// A floating-point number of 32 or 64 bits.
    Float(f64),
    /// A fixed-point number: `value` divided by ten to the power of `scale`.
    Decimal {
        /// How many digits of `value` are behind the point.
        scale: u8,
        /// All digits.
        value: u32,
    },
    /// A text that is valid UTF-8.
    Text(String),
    /// Bytes, or a text that is not UTF-8.
    Bytes(Vec<u8>),
    /// Seconds since 1970.
    Timestamp(u64),
    /// Several values.
    List(Vec<HeaderValue>),
    /// Named values.
    Table(Vec<(String, HeaderValue)>),
    /// No value.
    Void,
}

impl HeaderValue {
    /// The value as a text, if it is a scalar.
    #[must_use]
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Bool(value) => Some(Cow::Owned(value.to_string())),
            Self::Int(value) => Some(Cow::Owned(value.to_string())),
            Self::Uint(value) | Self::Timestamp(value) => Some(Cow::Owned(value.to_string())),
            Self::Float(value) => Some(Cow::Owned(value.to_string())),
            Self::Decimal { scale, value } => Some(Cow::Owned(decimal(*scale, *value))),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::List(_) | Self::Table(_) | Self::Void => None,
        }
    }
}

impl From<&str> for HeaderValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for HeaderValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Reads a table of headers.
pub(super) fn from_table(table: &FieldTable) -> Vec<(String, HeaderValue)> {
    read_table(table, DEPTH_MAX)
}

/// Writes a table of headers; `None` if a name is longer than AMQP can carry (255 bytes).
pub(super) fn to_table(headers: &[(String, HeaderValue)]) -> Option<FieldTable> {
    let mut table = FieldTable::default();
    for (name, value) in headers {
        table.insert(ShortString::try_new(name.as_str()).ok()?, write(value)?);
    }
    Some(table)
}

fn read_table(table: &FieldTable, depth: usize) -> Vec<(String, HeaderValue)> {
    let entries = table.inner().iter();
    entries
        .map(|(name, value)| (name.as_str().to_owned(), read(value, depth)))
        .collect()
}

fn read(value: &AMQPValue, depth: usize) -> HeaderValue {
    match value {
        AMQPValue::Boolean(value) => HeaderValue::Bool(*value),
        AMQPValue::ShortShortInt(value) => HeaderValue::Int((*value).into()),
        AMQPValue::ShortInt(value) => HeaderValue::Int((*value).into()),
        AMQPValue::LongInt(value) => HeaderValue::Int((*value).into()),
        AMQPValue::LongLongInt(value) => HeaderValue::Int(*value),
        AMQPValue::ShortShortUInt(value) => HeaderValue::Uint((*value).into()),
        AMQPValue::ShortUInt(value) => HeaderValue::Uint((*value).into()),
        AMQPValue::LongUInt(value) => HeaderValue::Uint((*value).into()),
        AMQPValue::Float(value) => HeaderValue::Float((*value).into()),
        AMQPValue::Double(value) => HeaderValue::Float(*value),
        AMQPValue::DecimalValue(DecimalValue { scale, value }) => HeaderValue::Decimal {
            scale: *scale,
            value: *value,
        },
        AMQPValue::ShortString(text) => HeaderValue::Text(text.as_str().to_owned()),
        AMQPValue::LongString(text) => text_or_bytes(text.as_bytes()),
        AMQPValue::ByteArray(bytes) => HeaderValue::Bytes(bytes.as_slice().to_vec()),
        AMQPValue::Timestamp(seconds) => HeaderValue::Timestamp(*seconds),
        AMQPValue::FieldArray(_) | AMQPValue::FieldTable(_) if depth == 0 => HeaderValue::Void,
        AMQPValue::FieldArray(items) => HeaderValue::List(
            items
                .as_slice()
                .iter()
                .map(|item| read(item, depth - 1))
                .collect(),
        ),
        AMQPValue::FieldTable(table) => HeaderValue::Table(read_table(table, depth - 1)),
        AMQPValue::Void => HeaderValue::Void,
    }
}

fn text_or_bytes(bytes: &[u8]) -> HeaderValue {
    match std::str::from_utf8(bytes) {
        Ok(text) => HeaderValue::Text(text.to_owned()),
        Err(_) => HeaderValue::Bytes(bytes.to_vec()),
    }
}

/// RabbitMQ's AMQP has no unsigned 64-bit integers; values over 32 bits are written signed.
fn write(value: &HeaderValue) -> Option<AMQPValue> {
    Some(match value {
        HeaderValue::Bool(value) => AMQPValue::Boolean(*value),
        HeaderValue::Int(value) => AMQPValue::LongLongInt(*value),
        HeaderValue::Uint(value) => match u32::try_from(*value) {
            Ok(value) => AMQPValue::LongUInt(value),
            Err(_) => AMQPValue::LongLongInt(i64::try_from(*value).unwrap_or(i64::MAX)),
        },
        HeaderValue::Float(value) => AMQPValue::Double(*value),
        HeaderValue::Decimal { scale, value } => AMQPValue::DecimalValue(DecimalValue {
            scale: *scale,
            value: *value,
        }),
        HeaderValue::Text(text) => AMQPValue::LongString(text.as_str().into()),
        HeaderValue::Bytes(bytes) => AMQPValue::ByteArray(bytes.as_slice().into()),
        HeaderValue::Timestamp(seconds) => AMQPValue::Timestamp(*seconds),
        HeaderValue::List(items) => {
            let items: Option<Vec<_>> = items.iter().map(write).collect();
            AMQPValue::FieldArray(items?.into())
        }
        HeaderValue::Table(entries) => AMQPValue::FieldTable(to_table(entries)?),
        HeaderValue::Void => AMQPValue::Void,
    })
}

fn decimal(scale: u8, value: u32) -> String {
    let scale = usize::from(scale);
    if scale == 0 {
        return value.to_string();
    }
    let digits = format!("{value:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_with_their_point() {
        assert_eq!(decimal(0, 1234), "1234");
        assert_eq!(decimal(2, 1234), "12.34");
        assert_eq!(decimal(4, 1234), "0.1234");
        assert_eq!(decimal(6, 1234), "0.001234");
    }

    #[test]
    fn values_nested_too_deep_are_cut_off() {
        let mut value = AMQPValue::Boolean(true);
        for _ in 0..DEPTH_MAX + 5 {
            value = AMQPValue::FieldArray(vec![value].into());
        }
        let mut depth = 0;
        let mut read = read(&value, DEPTH_MAX);
        while let HeaderValue::List(mut items) = read {
            read = items.remove(0);
            depth += 1;
        }
        assert_eq!((depth, read), (DEPTH_MAX, HeaderValue::Void));
    }

    #[test]
    fn only_scalars_have_a_text() {
        let text = |value: &HeaderValue| value.as_text().map(Cow::into_owned);
        assert_eq!(text(&"a".into()).as_deref(), Some("a"));
        assert_eq!(text(&HeaderValue::Int(-3)).as_deref(), Some("-3"));
        assert_eq!(text(&HeaderValue::Bytes(vec![0xff])), None);
        assert_eq!(text(&HeaderValue::Void), None);
    }
}
