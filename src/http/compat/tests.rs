//! Records of uploads for the tests of the dialects.

use jiff::Timestamp;

use crate::domain::{Ended, Kind, Process, Stamp, Status};
use crate::store::read::record::Record;

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An upload without events.
pub(super) fn unopened(tenant: &str, token: &str, created_at: &str) -> Record {
    let process = Process::unopened(tenant.to_owned(), token.to_owned(), Kind::Upload);
    Record::of(process, at(created_at))
}

/// The stamp of the first event of a source.
pub(super) fn stamp(time: &str, source: &str) -> Stamp {
    Stamp {
        time: at(time),
        sequence: None,
        source: source.to_owned(),
        id: "1".to_owned(),
    }
}

/// The record after an end.
pub(super) fn ended(
    mut record: Record,
    status: Status,
    time: &str,
    message: Option<&str>,
) -> Record {
    record.process.ended = Some(Ended {
        status,
        at: at(time),
        code: None,
        message: message.map(str::to_owned),
    });
    record
}
