//! Turns lines into messages: reads them with a limit, checks them as a worker does, and gathers
//! them in batches.

use std::io;

use serde::Deserialize;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use crate::broker::{Outgoing, topology};
use crate::clock;
use crate::wire::encode::plain_event;
use crate::wire::{Accepted, FieldFault, Limits, Problem};

/// The most lines of a batch.
const BATCH_LINES: usize = 2_000;
/// The most bytes of a batch, unless a single line is longer.
const BATCH_BYTES: u64 = 4 << 20;
/// The routing key of a forced line without a readable type.
const NO_TYPE: &str = "unreadable";
/// The longest short string of AMQP.
const SHORT_TEXT_MAX: usize = 255;

/// A batch of lines as messages.
#[derive(Debug, Default)]
pub(super) struct LineBatch {
    pub(super) messages: Vec<Outgoing>,
    /// The line number of each message.
    pub(super) numbers: Vec<u64>,
    pub(super) faults: Vec<LineFault>,
    /// Derived tokens, with their line numbers.
    pub(super) tokens: Vec<(u64, String)>,
    /// The bytes of the input in this batch.
    pub(super) bytes: u64,
}

impl LineBatch {
    /// Whether the input has ended.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    fn push(&mut self, number: u64, message: Outgoing) {
        self.numbers.push(number);
        self.messages.push(message);
    }
}

/// A line that a worker would refuse.
#[derive(Debug)]
pub(super) struct LineFault {
    pub(super) line: u64,
    /// What is wrong, not escaped.
    pub(super) message: String,
    /// Whether the line is sent nevertheless.
    pub(super) sent: bool,
}

/// Reads batches of lines.
pub(super) struct Lines<R> {
    input: R,
    limits: Limits,
    force: bool,
    number: u64,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub(super) fn new(input: R, limits: Limits, force: bool) -> Self {
        Self {
            input,
            limits,
            force,
            number: 0,
        }
    }

    /// The next lines; empty at the end of the input.
    pub(super) async fn next_batch(&mut self) -> io::Result<LineBatch> {
        let mut batch = LineBatch::default();
        let mut lines = 0;
        while lines < BATCH_LINES && batch.bytes < BATCH_BYTES {
            let Some((line, bytes)) = self.next_line().await? else {
                break;
            };
            lines += 1;
            batch.bytes += bytes;
            self.number += 1;
            match line {
                Some(line) => self.add(line.trim_ascii(), &mut batch),
                None => batch.faults.push(self.too_long()),
            }
        }
        Ok(batch)
    }

    /// Checks a line and adds it to the batch.
    fn add(&self, line: &[u8], batch: &mut LineBatch) {
        if line.is_empty() {
            return;
        }
        let checked = match std::str::from_utf8(line) {
            Ok(text) => plain_event::check_line(text, &self.limits, clock::now())
                .map_err(|rejection| explain(&rejection.problem)),
            Err(_) => Err("undecodable: the line is not UTF-8".to_owned()),
        };
        match checked {
            Ok(accepted) => {
                if accepted.derived_token {
                    batch
                        .tokens
                        .push((self.number, accepted.event.token.clone()));
                }
                batch.push(self.number, message(&accepted, line));
            }
            Err(message) => {
                batch.faults.push(LineFault {
                    line: self.number,
                    message,
                    sent: self.force,
                });
                if self.force {
                    batch.push(self.number, forced(line));
                }
            }
        }
    }

    /// A line over the limit is never kept in memory, so it can't be forced either.
    fn too_long(&self) -> LineFault {
        LineFault {
            line: self.number,
            message: format!(
                "too_large: the line is over {} bytes",
                self.limits.body_bytes
            ),
            sent: false,
        }
    }

    /// The next line, or `None` for it if it is too long, and its length with the line feed.
    async fn next_line(&mut self) -> io::Result<Option<(Option<Vec<u8>>, u64)>> {
        let mut line = Vec::new();
        let mut bytes = 0;
        let mut whole = true;
        loop {
            let here = self.input.fill_buf().await?;
            if here.is_empty() {
                break;
            }
            let end = here.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(here.len(), |end| end + 1);
            // The line end of two bytes is not part of the body.
            whole = whole && line.len() + length <= self.limits.body_bytes + 2;
            if whole {
                line.extend_from_slice(here.get(..length).unwrap_or_default());
            }
            self.input.consume(length);
            bytes += u64::try_from(length).unwrap_or(u64::MAX);
            if end.is_some() {
                break;
            }
        }
        Ok((bytes > 0).then(|| (whole.then_some(line), bytes)))
    }
}

/// The message of an accepted line.
pub(super) fn message(accepted: &Accepted, line: &[u8]) -> Outgoing {
    let event = &accepted.event;
    let exchange = topology::EVENTS_EXCHANGE;
    let mut message = Outgoing::new(exchange, accepted.type_name, &event.stamp.id, line.to_vec());
    let properties = &mut message.properties;
    properties.content_type = Some("application/json".to_owned());
    properties.correlation_id = Some(event.token.clone());
    properties.type_ = Some(accepted.type_name.to_owned());
    properties.app_id = Some(event.stamp.source.clone());
    message
}

/// The readable members of a line that is sent in spite of its faults.
#[derive(Debug, Default, Deserialize)]
struct Readable {
    id: Option<String>,
    #[serde(rename = "type")]
    type_: Option<String>,
    token: Option<String>,
    source: Option<String>,
}

/// The message of a faulty line. Its properties repeat only the body, so that they hide no fault.
fn forced(line: &[u8]) -> Outgoing {
    let read: Readable = serde_json::from_slice(line).unwrap_or_default();
    let short = |text: Option<String>| text.filter(|text| text.len() <= SHORT_TEXT_MAX);
    let type_ = short(read.type_);
    let routing_key = type_.as_deref().unwrap_or(NO_TYPE);
    let mut message = Outgoing::new(topology::EVENTS_EXCHANGE, routing_key, "", line.to_vec());
    let properties = &mut message.properties;
    properties.content_type = Some("application/json".to_owned());
    properties.message_id = short(read.id);
    properties.correlation_id = short(read.token);
    properties.type_.clone_from(&type_);
    properties.app_id = short(read.source);
    message
}

/// The reason and all faults of a problem, on one line.
pub(super) fn explain(problem: &Problem) -> String {
    let text = |fault: &FieldFault| match fault.pointer.as_deref() {
        Some("#") | None => fault.detail.clone(),
        Some(pointer) => format!("{pointer} {}", fault.detail),
    };
    let mut all: Vec<_> = problem.errors.iter().map(text).collect();
    if all.is_empty() {
        all.push(problem.detail.clone());
    }
    let reason = problem.type_.rsplit(':').next().unwrap_or_default();
    format!("{reason}: {}", all.join("; "))
}
