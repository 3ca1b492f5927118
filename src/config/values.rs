//! Checked values, and their conversion to the types of the fields.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::SecretString;

use super::fault::Fault;
use super::networks::Networks;

named! {
    /// What happens to an unroutable message.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Unroutable {
        /// It is counted, logged and deleted.
        Drop = "drop",
        /// Its row stays in the outbox and is tried again.
        Keep = "keep",
    }
}

named! {
    /// The format of log lines.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum LogFormat {
        /// Text on a terminal, JSON elsewhere.
        Auto = "auto",
        /// Text.
        Text = "text",
        /// One JSON object per line.
        Json = "json",
    }
}

named! {
    /// What happens to events whose publisher has no right to their tenant.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum TenancyMode {
        /// They are applied: all publishers trust each other.
        Shared = "shared",
        /// They are applied and counted.
        Observe = "observe",
        /// They become dead letters.
        Enforce = "enforce",
    }
}

named! {
    /// Which headers of trusted proxies count.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub enum ForwardedHeader {
        /// `X-Forwarded-For` and `X-Forwarded-Proto`.
        #[default]
        XForwarded = "x-forwarded",
        /// `Forwarded`.
        Forwarded = "forwarded",
    }
}

/// A value that its kind has accepted.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Absent,
    Number(u64),
    Duration(Duration),
    Text(String),
    Secret(SecretString),
    Address(SocketAddr),
    Networks(Networks),
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

macro_rules! fields {
    ($($type:ty: $accepted:pat => $field:expr;)*) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    $accepted => $field,
                    _ => None,
                }
            }
        }
    )*};
}

fields! {
    u16: Value::Number(number) => Self::try_from(*number).ok();
    u32: Value::Number(number) => Self::try_from(*number).ok();
    u64: Value::Number(number) => Some(*number);
    usize: Value::Number(number) => Self::try_from(*number).ok();
    Duration: Value::Duration(duration) => Some(*duration);
    bool: Value::Text(text) => Some(text == "true");
    String: Value::Text(text) => Some(text.clone());
    PathBuf: Value::Text(text) => Some(text.into());
    SecretString: Value::Secret(secret) => Some(secret.clone());
    SocketAddr: Value::Address(address) => Some(*address);
    Unroutable: Value::Text(name) => Self::from_name(name);
    LogFormat: Value::Text(name) => Self::from_name(name);
    TenancyMode: Value::Text(name) => Self::from_name(name);
    ForwardedHeader: Value::Text(name) => Self::from_name(name);
    Networks: Value::Networks(networks) => Some(networks.clone());
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Absent => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}
