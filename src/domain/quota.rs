//! What a tenant may use over HTTP.

/// The limits of a tenant; without one there is none of the kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quota {
    /// Processes that are open at the same time.
    pub open_processes: Option<u64>,
    /// Events accepted in a second.
    pub events_per_second: Option<u32>,
    /// Bytes of all stored files.
    pub stored_bytes: Option<u64>,
    /// Streams of events that are open at the same time.
    pub streams: Option<u32>,
}
