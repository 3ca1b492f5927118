//! Decodes logged events without refusing any, since they were validated when they arrived,
//! perhaps with other limits.

use super::data;
use super::event_types::EventType;
use super::fault::Faults;
use super::message::Limits;
use super::validate::Validator;
use crate::domain::Happening;
use crate::domain::order::Push;

/// Decodes the type and the data of a logged event; `None` if they are damaged. What only the
/// envelope has, `reply_to` and the trace, is not in the log.
#[must_use]
pub fn logged(type_name: &str, data: &str) -> Option<Happening> {
    let limits = Limits {
        name_bytes: Limits::NAME_BYTES_MAX,
        items: Limits::ITEMS_MAX,
        ..Limits::default()
    };
    let mut validator = Validator {
        limits: &limits,
        faults: Faults::default(),
        base: "#/data",
    };
    let known = EventType::named(type_name)?;
    data::happening(known.shape, data, &mut validator)
}

/// Decodes a logged push; `None` if it is damaged.
#[must_use]
pub fn push(data: &str) -> Option<Push> {
    match logged("order.pushed", data)? {
        Happening::Pushed(push) => Some(*push),
        _ => None,
    }
}
