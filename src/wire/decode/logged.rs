//! Events as they were logged: read again, without refusing anything, since they were checked when
//! they came, perhaps under other limits.

use super::data;
use super::event_types::EventType;
use super::fault::Faults;
use super::message::Limits;
use super::validate::Validator;
use crate::domain::Happening;
use crate::domain::order::Push;

/// What happened, out of the type and the data of a logged event; `None` if that is damaged. What
/// only the envelope said, `reply_to` and the trace, is not in the log.
#[must_use]
pub fn logged(type_name: &str, data: &str) -> Option<Happening> {
    let limits = Limits {
        name_bytes: Limits::NAME_BYTES_MAX,
        items: Limits::ITEMS_MAX,
        ..Limits::default()
    };
    let mut judge = Validator {
        limits: &limits,
        faults: Faults::default(),
        base: "#/data",
    };
    let known = EventType::named(type_name)?;
    data::happening(known.shape, data, &mut judge)
}

/// A push as it was logged; `None` if that is damaged.
#[must_use]
pub fn push(data: &str) -> Option<Push> {
    match logged("order.pushed", data)? {
        Happening::Pushed(push) => Some(*push),
        _ => None,
    }
}
