//! Reads a workflow file: TOML text to a [`Workflow`], or all its faults by line.
//!
//! ```toml
//! name = "purchase"            # letters, digits, `_` and `-`, as for stages
//! kind = "order"               # the only kind that walks stages; may be left out
//! start = ["review"]           # entered when the order opens
//! deadline = "14d"             # the whole order; likewise `settle` and `retention`
//!
//! [[form]]                     # a field of the opening event's form
//! id = "amount"
//! type = "number"              # text, number, boolean, date, choice, list, file
//! required = true              # default false
//!
//! [[form]]
//! id = "urgency"
//! type = "choice"
//! choices = ["low", "high"]
//!
//! [stages.review]
//! next = { accepted = ["finance", "stock"], refused = [] }   # by the push's outcome
//! deadline = "2d"              # then the order ends with an error …
//! on_deadline = "refused"      # … or with this outcome; only where `next` has outcomes
//!
//! [[stages.review.form]]       # a field of the form of the push that leaves the stage
//! id = "comment"
//! type = "text"
//!
//! [stages.finance]
//! next = ["close"]             # all of these, at the same time; without `next` the branch ends
//!
//! [stages.stock]
//! next = ["close"]
//!
//! [stages.close]
//! join = "all"                 # waits for all predecessors; "any": is entered with the first
//! ```
//!
//! Reading order: `reader` (lines and faults), `table` (values of the right type), `form` and
//! `stage`, `graph` (checks across stages).

mod form;
mod graph;
mod reader;
mod stage;
mod table;
#[cfg(test)]
mod tests;

use toml::de::{DeTable, Error};

use self::reader::{Reader, Span};
use self::table::Table;
use crate::config::quoted;
use crate::domain::workflow::Workflow;

/// The longest file.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// The most stages of a workflow.
pub const STAGES_MAX: usize = 200;
/// The most fields of one form.
pub const FIELDS_MAX: usize = 200;
/// The most choices of one field, and the most outcomes of one stage.
pub const CHOICES_MAX: usize = 200;
/// The longest name of a workflow, a stage, a field or an outcome.
pub const NAME_BYTES_MAX: usize = 100;
/// The longest choice of a field.
pub const CHOICE_BYTES_MAX: usize = 200;
/// The most faults that are listed.
pub const FAULTS_MAX: usize = 100;

/// The name for orders without a workflow.
const RESERVED: &str = "order";
const KEYS: [&str; 8] = [
    "name",
    "kind",
    "start",
    "deadline",
    "settle",
    "retention",
    "form",
    "stages",
];
const MILLISECOND: u64 = 1;
const SECOND: u64 = 1_000;
const DAY: u64 = 86_400_000;

/// Something wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkflowFault {
    /// Where, counted from 1.
    pub line: usize,
    /// What, and what to do about it.
    pub message: String,
}

/// Reads a file; on failure returns all its faults, first line first.
pub fn read(file: &[u8]) -> Result<Workflow, Vec<WorkflowFault>> {
    if file.len() > FILE_BYTES_MAX {
        let message = format!("the file is longer than {FILE_BYTES_MAX} bytes; make it shorter");
        return Err(vec![WorkflowFault { line: 1, message }]);
    }
    let text = match std::str::from_utf8(file) {
        Ok(text) => text,
        Err(error) => {
            let good = file.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            let message = "this line is not UTF-8; save the file in that encoding".to_owned();
            return Err(vec![WorkflowFault { line, message }]);
        }
    };
    let mut reader = Reader::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    if note_syntax(&mut reader, &errors) {
        // Faults of the rest could be consequences of the syntax errors.
        return Err(reader.into_faults());
    }
    let workflow = workflow(&mut reader, root.get_ref());
    graph::check(&mut reader, &workflow);
    let faults = reader.into_faults();
    if faults.is_empty() {
        Ok(workflow)
    } else {
        Err(faults)
    }
}

/// Whether the text is not TOML at all. Something given twice is a fault, but the rest is read.
fn note_syntax(reader: &mut Reader<'_>, errors: &[Error]) -> bool {
    let mut broken = false;
    for error in errors {
        let at = error.span().unwrap_or(0..0);
        if error.message() == "duplicate key" {
            reader.ways_are_unknown();
            let given = duplicate(reader, &at);
            let message = format!("{given} is given a second time; rename or remove one");
            reader.fault(&at, message);
        } else {
            broken = true;
            let said = error.message().replace('\n', ", ");
            reader.fault(&at, format!("not TOML: {said}"));
        }
    }
    broken
}

/// The duplicate at a place: a table by its whole header, anything else by its key.
fn duplicate(reader: &Reader<'_>, at: &Span) -> String {
    let header = reader.line_text(at);
    let header = header.split('#').next().unwrap_or_default().trim();
    if header.starts_with('[') {
        quoted(header)
    } else {
        quoted(reader.text(at))
    }
}

fn workflow(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Workflow {
    let table = Table::new(root, 0..0, "the workflow".to_owned());
    table.check_keys(reader, &KEYS);
    let name = table.required_text(reader, "name", "`name = \"purchase\"`");
    if let Some((name, at)) = &name {
        reader.check_name(at, "the name of the workflow", name);
        if name == RESERVED {
            let name = quoted(name);
            let message = format!(
                "the name {name} is reserved for orders without a workflow; choose another"
            );
            reader.fault(at, message);
        }
    }
    if let Some((kind, at)) = table.text(reader, "kind")
        && kind != "order"
    {
        reader.refuse(&at, "`kind`", &kind, "write `kind = \"order\"`");
    }
    let deadline = table.duration(reader, "deadline", MILLISECOND..=3_650 * DAY);
    let settle = table.duration(reader, "settle", MILLISECOND..=365 * DAY);
    let retention = table.duration(reader, "retention", SECOND..=36_500 * DAY);
    Workflow {
        name: name.map(|(name, _)| name).unwrap_or_default(),
        start: stage::start(reader, &table),
        form: form::read(reader, &table, "[[form]]"),
        stages: stage::read_all(reader, &table),
        deadline,
        settle,
        retention,
    }
}
