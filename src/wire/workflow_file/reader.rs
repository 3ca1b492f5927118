//! The state of reading a file: its faults with their lines, and the places of stages.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{FAULTS_MAX, NAME_BYTES_MAX, WorkflowFault};
use crate::config::quoted;

/// A place in the text, in bytes.
pub(super) type Span = Range<usize>;

/// A mention of a stage, and its place.
#[derive(Debug)]
pub(super) struct Mention {
    pub(super) stage: String,
    pub(super) at: Span,
    /// What mentions it: `start`, or a stage's `next`.
    pub(super) by: String,
}

/// Where a stage is described.
#[derive(Debug)]
pub(super) struct StageReference {
    pub(super) header: Span,
    pub(super) join: Option<Span>,
}

/// A file being read.
#[derive(Debug)]
pub(super) struct Reader<'s> {
    text: &'s str,
    line_ends: Vec<usize>,
    faults: Vec<WorkflowFault>,
    stages_known: bool,
    ways_known: bool,
    pub(super) mentions: Vec<Mention>,
    pub(super) places: BTreeMap<String, StageReference>,
    /// The types of the fields of all forms, and the lines that first define them.
    pub(super) fields: BTreeMap<String, (&'static str, usize)>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        Self {
            text,
            line_ends: text.match_indices('\n').map(|(at, _)| at).collect(),
            faults: Vec::new(),
            stages_known: true,
            ways_known: true,
            mentions: Vec::new(),
            places: BTreeMap::new(),
            fields: BTreeMap::new(),
        }
    }

    /// The text of a place.
    pub(super) fn text(&self, at: &Span) -> &'s str {
        self.text.get(at.clone()).unwrap_or_default()
    }

    /// The whole line in which a place begins.
    pub(super) fn line_text(&self, at: &Span) -> &'s str {
        let line = self.line(at).saturating_sub(1);
        self.text.lines().nth(line).unwrap_or_default().trim()
    }

    /// The line of a place, counted from 1.
    pub(super) fn line(&self, at: &Span) -> usize {
        1 + self.line_ends.partition_point(|end| *end < at.start)
    }

    pub(super) fn fault(&mut self, at: &Span, message: impl Into<String>) {
        let (line, message) = (self.line(at), message.into());
        self.faults.push(WorkflowFault { line, message });
    }

    /// Something has a value that it can't have.
    pub(super) fn refuse(&mut self, at: &Span, what: &str, value: &str, remedy: &str) {
        let value = quoted(value);
        self.fault(at, format!("{what} can't be {value}; {remedy}"));
    }

    /// A stage could not be read: missing stages are not reported.
    pub(super) fn stages_are_unknown(&mut self) {
        self.stages_known = false;
    }

    /// A `next` could not be read: the graph is not checked.
    pub(super) fn ways_are_unknown(&mut self) {
        self.ways_known = false;
    }

    pub(super) fn knows_stages(&self) -> bool {
        self.stages_known
    }

    pub(super) fn knows_ways(&self) -> bool {
        self.ways_known
    }

    /// Names of workflows and stages become routing keys.
    pub(super) fn check_name(&mut self, at: &Span, what: &str, name: &str) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(allowed) {
            let remedy =
                format!("use 1 to {NAME_BYTES_MAX} letters `a` to `z`, digits, `_` and `-`");
            self.refuse(at, what, name, &remedy);
        }
    }

    /// Other names are keys and values in JSON.
    pub(super) fn check_label(&mut self, at: &Span, what: &str, label: &str, bytes_max: usize) {
        if label.is_empty() || label.len() > bytes_max || label.contains(char::is_control) {
            let remedy = format!("use 1 to {bytes_max} bytes without control characters");
            self.refuse(at, what, label, &remedy);
        }
    }

    /// The faults by line, up to [`FAULTS_MAX`].
    pub(super) fn into_faults(mut self) -> Vec<WorkflowFault> {
        self.faults.sort();
        self.faults.dedup();
        let more = self.faults.len().saturating_sub(FAULTS_MAX);
        self.faults.truncate(FAULTS_MAX);
        if more > 0
            && let Some(WorkflowFault { line, .. }) = self.faults.last()
        {
            let line = *line;
            let message = format!("{more} faults from here on are not listed");
            self.faults.push(WorkflowFault { line, message });
        }
        self.faults
    }
}
