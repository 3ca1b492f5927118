//! What a step event says, out of its data as received.

use serde::Deserialize;

use crate::store::read::record::LoggedEvent;

/// A line of history.
#[derive(Debug, Default, Deserialize)]
pub struct Step {
    /// `running`, `done` or `error`.
    pub state: Option<String>,
    /// What was done.
    pub name: Option<String>,
    /// What people read.
    pub message: Option<String>,
}

impl Step {
    /// Whether an event is one.
    pub fn is(event: &LoggedEvent) -> bool {
        Self::is_named(&event.type_name)
    }

    /// Whether events of this type are.
    pub fn is_named(type_name: &str) -> bool {
        type_name.ends_with(".step")
    }

    /// What it says.
    pub fn of(event: &LoggedEvent) -> Self {
        Self::read(&event.data)
    }

    /// What its data says. It was checked when it came, so what can't be read is shown as nothing.
    pub fn read(data: &str) -> Self {
        serde_json::from_str(data).unwrap_or_default()
    }
}
