//! The content of a step event, read from its data as received.

use serde::Deserialize;

use crate::store::read::record::LoggedEvent;

/// A step of the history.
#[derive(Debug, Default, Deserialize)]
pub struct Step {
    /// `running`, `done` or `error`.
    pub state: Option<String>,
    /// What was done.
    pub name: Option<String>,
    /// A message for people.
    pub message: Option<String>,
}

impl Step {
    /// Whether an event is a step.
    pub fn is(event: &LoggedEvent) -> bool {
        Self::is_named(&event.type_name)
    }

    /// Whether events of this type are steps.
    pub fn is_named(type_name: &str) -> bool {
        type_name.ends_with(".step")
    }

    /// The step of an event.
    pub fn of(event: &LoggedEvent) -> Self {
        Self::read(&event.data)
    }

    /// The step in the data of an event. The data was validated when it was received, so data that
    /// can't be read gives an empty step.
    pub fn read(data: &str) -> Self {
        serde_json::from_str(data).unwrap_or_default()
    }
}
