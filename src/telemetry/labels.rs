//! The closed sets of label values; other values cannot be exported.

/// One label of a metric and every value it takes.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    /// The name of the label.
    pub key: &'static str,
    /// Its values.
    pub values: Values,
}

/// The values of a label.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// These.
    Closed(&'static [&'static str]),
    /// The types of events, passed in at the start.
    Types,
    /// The reasons of dead letters, passed in at the start.
    Reasons,
    /// The routes of the listener for clients, passed in at the start.
    Routes,
}

/// The sets that other modules own, passed in once at the start.
#[derive(Debug, Clone, Copy)]
pub struct Labels {
    /// Every type of event; the last one is used for unknown types.
    pub types: &'static [&'static str],
    /// Every reason of a dead letter; the last one is used for unknown reasons.
    pub reasons: &'static [&'static str],
    /// Every route of the listener for clients; the last one is used for all others.
    pub routes: &'static [&'static str],
}

#[cfg(test)]
impl Labels {
    /// A few of each, for tests.
    pub(crate) const SAMPLE: Self = Self {
        types: &["upload.received", "upload.step", "upload.items", "unknown"],
        reasons: &["undecodable", "too_deep", "too_large", "rejected"],
        routes: &["/v1/processes", "other"],
    };
}

/// Declares an enum whose variants are the values of one label, under the names that are exported.
macro_rules! label {
    ($(#[doc = $about:literal])* $name:ident, $key:literal: $($variant:ident = $value:literal),+) => {
        named! {
            $(#[doc = $about])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            pub enum $name {
                $(#[doc = concat!("`", $value, "`")] $variant = $value,)+
            }
        }

        impl $name {
            /// The label with its values.
            pub const AXIS: Axis = Axis::new($key, Values::Closed(&[$($value),+]));
        }
    };
}

label! {
    /// The outcome of a delivery.
    Outcome, "outcome":
    Applied = "applied", Duplicate = "duplicate", Late = "late", Dead = "dead", Returned = "returned"
}
label! {
    /// Why a batch was cut.
    CutReason, "reason": Count = "count", Bytes = "bytes", Idle = "idle", Shutdown = "shutdown"
}
label! {
    /// A part of the work on one batch.
    Phase, "phase": Decode = "decode", Transaction = "transaction", Ack = "ack", Publish = "publish"
}
label! {
    /// Why an operation was retried.
    RetryReason, "reason":
    Connection = "connection", Deadlock = "deadlock", Timeout = "timeout",
    Serialization = "serialization", Bisect = "bisect", Refused = "refused", Watchdog = "watchdog", Confirm = "confirm",
    Lane = "lane"
}
label! {
    /// A service that Waybill depends on.
    Dependency, "dependency": Broker = "broker", Database = "database"
}
label! {
    /// Why consuming pauses.
    Backpressure, "cause":
    Prefetch = "prefetch", Bytes = "bytes", Outbox = "outbox", Database = "database"
}
label! {
    /// What was published.
    What, "what": Completion = "completion", Stage = "stage", Reply = "reply",
    Replay = "replay"
}
label! {
    /// The broker's answer to a publish.
    Published, "result": Confirmed = "confirmed", Nacked = "nacked", Refused = "refused",
    Unroutable = "unroutable", Unknown = "unknown"
}
label! {
    /// Why a message of the outbox can't be delivered now.
    Stuck, "reason": Timeout = "timeout", Nacked = "nacked", Unroutable = "unroutable",
    Denied = "denied", Waiting = "waiting", Refused = "refused"
}
label! {
    /// Why the janitor sealed a process.
    SealCause, "cause": Settle = "settle", Deadline = "deadline"
}
label! {
    /// What is quarantined because it can't be sealed or deleted.
    Quarantined, "what": Process = "process"
}
label! {
    /// The state of a connection of the pool; `max` is the pool's maximum size.
    PoolState, "state": Idle = "idle", Used = "used", Max = "max"
}
label! {
    /// Why a client was refused.
    AuthRefused, "reason": Unauthorized = "unauthorized", Forbidden = "forbidden", TooMany = "too_many_requests"
}
label! {
    /// How a request was answered, by the first digit of its status.
    StatusClass, "status": Success = "2xx", Redirection = "3xx", ClientError = "4xx", ServerError = "5xx"
}

/// Whether the broker had delivered a message before.
pub(super) const REDELIVERED: Axis = Axis::new("redelivered", Values::Closed(&["false", "true"]));
/// The type of an event.
pub(super) const TYPE: Axis = Axis::new("type", Values::Types);
/// Why a message became a dead letter.
pub(super) const REASON: Axis = Axis::new("reason", Values::Reasons);
/// The route of a request.
pub(super) const ROUTE: Axis = Axis::new("route", Values::Routes);
/// The kind of a process.
pub(super) const KIND: Axis = Axis::new("kind", Values::Closed(&["upload", "order"]));
/// The final status of a process.
pub(super) const STATUS: Axis = Axis::new(
    "status",
    Values::Closed(&["done", "warning", "error", "cancelled"]),
);
/// The version of this program.
pub(super) const VERSION: Axis = Axis::new("version", Values::Closed(&[VERSION_VALUE]));
/// The source revision that this program was built from.
pub(super) const REVISION: Axis = Axis::new("revision", Values::Closed(&[REVISION_VALUE]));
/// The only value of [`VERSION`].
pub(super) const VERSION_VALUE: &str = env!("CARGO_PKG_VERSION");
/// The only value of [`REVISION`].
pub(super) const REVISION_VALUE: &str = match option_env!("WAYBILL_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

impl Axis {
    const fn new(key: &'static str, values: Values) -> Self {
        Self { key, values }
    }
}

impl StatusClass {
    /// The class of a status.
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            ..300 => Self::Success,
            300..400 => Self::Redirection,
            400..500 => Self::ClientError,
            500.. => Self::ServerError,
        }
    }
}

impl Labels {
    /// The values of a label, in the order of export.
    #[must_use]
    pub fn values(&self, axis: &Axis) -> &'static [&'static str] {
        match axis.values {
            Values::Closed(values) => values,
            Values::Types => self.types,
            Values::Reasons => self.reasons,
            Values::Routes => self.routes,
        }
    }
}
