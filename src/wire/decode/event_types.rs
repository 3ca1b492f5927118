//! The event types: one row each. A new one is a row, and a shape if its data is new.

use crate::domain::Kind;

/// An event type.
#[derive(Debug)]
pub(in crate::wire) struct EventType {
    pub(in crate::wire) name: &'static str,
    pub(super) kind: Kind,
    pub(in crate::wire) shape: Shape,
}

/// What the data of an event type looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::wire) enum Shape {
    Received,
    Opened,
    Pushed,
    Step,
    Progress,
    Items,
    Completed,
    Failed,
    Cancelled,
}

const TYPES: [EventType; 15] = [
    row("upload.received", Kind::Upload, Shape::Received),
    row("upload.step", Kind::Upload, Shape::Step),
    row("upload.progress", Kind::Upload, Shape::Progress),
    row("upload.items", Kind::Upload, Shape::Items),
    row("upload.completed", Kind::Upload, Shape::Completed),
    row("upload.failed", Kind::Upload, Shape::Failed),
    row("upload.cancelled", Kind::Upload, Shape::Cancelled),
    row("order.opened", Kind::Order, Shape::Opened),
    row("order.pushed", Kind::Order, Shape::Pushed),
    row("order.step", Kind::Order, Shape::Step),
    row("order.progress", Kind::Order, Shape::Progress),
    row("order.items", Kind::Order, Shape::Items),
    row("order.completed", Kind::Order, Shape::Completed),
    row("order.failed", Kind::Order, Shape::Failed),
    row("order.cancelled", Kind::Order, Shape::Cancelled),
];

/// All event types.
pub(in crate::wire) fn all() -> impl Iterator<Item = &'static EventType> {
    TYPES.iter()
}

/// The names of all event types: the closed set behind metric labels and topic bindings.
pub fn type_names() -> impl Iterator<Item = &'static str> {
    all().map(|event_type| event_type.name)
}

/// The metric label of a type that may be unknown: its name, or `unknown`.
#[must_use]
pub fn type_label(name: Option<&str>) -> &'static str {
    let known = name.and_then(EventType::named);
    known.map_or("unknown", |event_type| event_type.name)
}

/// The kind of process that an event type is of; `None` if the type is unknown.
#[must_use]
pub fn kind_of(type_name: &str) -> Option<Kind> {
    EventType::named(type_name).map(|event_type| event_type.kind)
}

/// Whether events of this type open their process.
#[must_use]
pub fn opens(type_name: &str) -> bool {
    EventType::named(type_name).is_some_and(EventType::opens)
}

impl EventType {
    /// The type of that name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|event_type| event_type.name == name)
    }

    /// Whether it opens its process, and so may come without a token.
    pub(super) fn opens(&self) -> bool {
        matches!(self.shape, Shape::Received | Shape::Opened)
    }
}

const fn row(name: &'static str, kind: Kind, shape: Shape) -> EventType {
    EventType { name, kind, shape }
}
