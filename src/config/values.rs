//! Checked values, and their conversion to the types of the fields.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::SecretString;

use super::fault::Fault;

/// What happens to an unroutable message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unroutable {
    /// It is counted, logged and deleted.
    Drop,
    /// Its row stays in the outbox and is tried again.
    Keep,
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Text.
    Text,
    /// One JSON object per line.
    Json,
}

/// A value that its kind has accepted.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Absent,
    Number(u64),
    Duration(Option<Duration>),
    Text(String),
    Secret(SecretString),
    Address(SocketAddr),
}

/// The checked values of all settings.
#[derive(Debug, Default)]
pub(super) struct Values(pub(super) BTreeMap<&'static str, Value>);

impl Values {
    /// The value of a setting in the type of its field.
    pub(super) fn get<T: FromValue>(&self, key: &'static str) -> Result<T, Fault> {
        self.0
            .get(key)
            .and_then(T::from_value)
            .ok_or_else(|| Fault::new(key, "does not fit the type of its field"))
    }
}

/// A type that a field of the settings can have.
pub(super) trait FromValue: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! number_fields {
    ($($number:ty),*) => {$(
        impl FromValue for $number {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::Number(number) => Self::try_from(*number).ok(),
                    _ => None,
                }
            }
        }
    )*};
}

number_fields!(u16, u32, u64, usize);

impl FromValue for Duration {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Duration(duration) => *duration,
            _ => None,
        }
    }
}

impl FromValue for Option<Duration> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Duration(duration) => Some(*duration),
            _ => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl FromValue for Option<String> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Absent => Some(None),
            other => String::from_value(other).map(Some),
        }
    }
}

impl FromValue for Option<PathBuf> {
    fn from_value(value: &Value) -> Option<Self> {
        Option::<String>::from_value(value).map(|text| text.map(PathBuf::from))
    }
}

impl FromValue for SecretString {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Secret(secret) => Some(secret.clone()),
            _ => None,
        }
    }
}

impl FromValue for Option<SecretString> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Absent => Some(None),
            other => SecretString::from_value(other).map(Some),
        }
    }
}

impl FromValue for SocketAddr {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Address(address) => Some(*address),
            _ => None,
        }
    }
}

impl FromValue for Unroutable {
    fn from_value(value: &Value) -> Option<Self> {
        match String::from_value(value)?.as_str() {
            "drop" => Some(Self::Drop),
            "keep" => Some(Self::Keep),
            _ => None,
        }
    }
}

impl FromValue for LogFormat {
    fn from_value(value: &Value) -> Option<Self> {
        match String::from_value(value)?.as_str() {
            "auto" => Some(Self::Auto),
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}
