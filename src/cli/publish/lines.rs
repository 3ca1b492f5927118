//! Lines to messages: read with a limit, checked as a worker would, gathered in batches.

use std::io;

use serde::Deserialize;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use crate::broker::{Outgoing, topology};
use crate::clock;
use crate::wire::encode::plain_event;
use crate::wire::{Accepted, FieldFault, Limits, Problem};

/// How many lines one batch holds.
const BATCH_LINES: usize = 2_000;
/// How many bytes of lines, unless a single one is longer.
const BATCH_BYTES: u64 = 4 << 20;
/// The routing key of a forced line whose type can't be read.
const NO_TYPE: &str = "unreadable";
/// What AMQP can carry in one text.
const SHORT_TEXT_MAX: usize = 255;

/// Some lines on their way.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) messages: Vec<Outgoing>,
    /// The line of each message.
    pub(super) numbers: Vec<u64>,
    pub(super) faults: Vec<LineFault>,
    /// Tokens that were derived, with the numbers of their lines.
    pub(super) tokens: Vec<(u64, String)>,
    /// How much of the input that was.
    pub(super) bytes: u64,
}

impl Batch {
    /// Whether the input had ended.
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
    /// What is wrong, raw.
    pub(super) said: String,
    /// Whether it is sent nevertheless.
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
    pub(super) async fn next_batch(&mut self) -> io::Result<Batch> {
        let mut batch = Batch::default();
        let mut lines = 0;
        while lines < BATCH_LINES && batch.bytes < BATCH_BYTES {
            let Some((line, bytes)) = self.next_line().await? else {
                break;
            };
            lines += 1;
            batch.bytes += bytes;
            self.number += 1;
            match line {
                Some(line) => self.take(line.trim_ascii(), &mut batch),
                None => batch.faults.push(self.too_long()),
            }
        }
        Ok(batch)
    }

    fn take(&self, line: &[u8], batch: &mut Batch) {
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
            Err(said) => {
                batch.faults.push(LineFault {
                    line: self.number,
                    said,
                    sent: self.force,
                });
                if self.force {
                    batch.push(self.number, forced(line));
                }
            }
        }
    }

    /// A line beyond the limit is never held, so it can't be forced either.
    fn too_long(&self) -> LineFault {
        LineFault {
            line: self.number,
            said: format!(
                "too_large: the line is over {} bytes",
                self.limits.body_bytes
            ),
            sent: false,
        }
    }

    /// The next line, `None` instead of it if it is too long, and its length with its end.
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
            let taken = end.map_or(here.len(), |end| end + 1);
            // The end of a line, and what a body may be trimmed of, is not the body's.
            whole = whole && line.len() + taken <= self.limits.body_bytes + 2;
            if whole {
                line.extend_from_slice(here.get(..taken).unwrap_or_default());
            }
            self.input.consume(taken);
            bytes += u64::try_from(taken).unwrap_or(u64::MAX);
            if end.is_some() {
                break;
            }
        }
        Ok((bytes > 0).then(|| (whole.then_some(line), bytes)))
    }
}

/// A line that was accepted, as it is published.
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

/// What can be read of a line that is sent in spite of its faults.
#[derive(Debug, Default, Deserialize)]
struct Readable {
    id: Option<String>,
    #[serde(rename = "type")]
    type_: Option<String>,
    token: Option<String>,
    source: Option<String>,
}

/// Properties say what the body says and nothing more, so that no fault is hidden by them.
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

/// All faults on one line.
pub(super) fn explain(problem: &Problem) -> String {
    let said = |fault: &FieldFault| match fault.pointer.as_deref() {
        Some("#") | None => fault.detail.clone(),
        Some(pointer) => format!("{pointer} {}", fault.detail),
    };
    let mut all: Vec<_> = problem.errors.iter().map(said).collect();
    if all.is_empty() {
        all.push(problem.detail.clone());
    }
    let reason = problem.type_.rsplit(':').next().unwrap_or_default();
    format!("{reason}: {}", all.join("; "))
}
