//! The graph of stages that an order walks.
//!
//! [`soundness`] checks whether a graph can be walked, and [`arrows`] finds the direction of its
//! arrows; `wire` reads it from a file.

pub mod arrows;
pub mod soundness;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

/// The name for orders without a workflow.
const PLAIN: &str = "order";
/// The only stage of an order without a workflow.
const OPEN: &str = "open";

/// A named graph, which was validated when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Its name, which opening events give.
    pub name: String,
    /// The stages that opening enters.
    pub start: Vec<String>,
    /// The fields of the opening event's form.
    pub form: Vec<Field>,
    /// The stages by name.
    pub stages: BTreeMap<String, Stage>,
    /// How long an order may take.
    pub deadline: Option<SignedDuration>,
    /// How long an ending waits for missing events; else the general setting.
    pub settle: Option<SignedDuration>,
    /// How long an ended order is kept; else the general setting.
    pub retention: Option<SignedDuration>,
}

/// A stage, where an order stays until a push moves it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The stages that become active when it is left.
    pub next: NextStages,
    /// How it waits for several predecessors.
    pub join: Option<Join>,
    /// The fields of the form of the push that leaves it.
    pub form: Vec<Field>,
    /// How long an order may stay here.
    pub deadline: Option<StageDeadline>,
}

/// The stages that become active when a stage is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStages {
    /// All of these, at the same time; none ends this branch.
    All(Vec<String>),
    /// Those of the push's outcome, which must be one of these.
    ByOutcome(BTreeMap<String, Vec<String>>),
}

/// When a stage with several predecessors becomes active. Without a join every arrival enters it
/// again, which is right for alternatives and loops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// When every predecessor has arrived.
    All,
    /// With the first; the others change nothing.
    Any,
}

/// What happens to an order that stays too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageDeadline {
    /// How long it may stay.
    pub after: SignedDuration,
    /// The outcome to continue with; without one the order ends with an error.
    pub outcome: Option<String>,
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its id, the key in the event's `form`.
    pub id: String,
    /// Its type.
    pub kind: FieldKind,
    /// Whether it is required.
    pub required: bool,
}

/// The type of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A calendar day, `2026-11-21`.
    Date,
    /// One of these texts.
    Choice(Vec<String>),
    /// A list of anything.
    List,
    /// The name of one of the event's attachments.
    File,
}

/// What a stage is entered from: another stage, or `None` for the opening.
pub type Predecessor<'a> = Option<&'a str>;

impl Stage {
    /// A stage without a form and a deadline.
    pub(super) fn new(next: NextStages, join: Option<Join>) -> Self {
        Self {
            next,
            join,
            form: Vec::new(),
            deadline: None,
        }
    }
}

impl Workflow {
    /// The workflow of orders without one: a single stage, `open`.
    #[must_use]
    pub fn plain() -> Self {
        let open = Stage::new(NextStages::All(Vec::new()), None);
        Self {
            name: PLAIN.to_owned(),
            start: vec![OPEN.to_owned()],
            form: Vec::new(),
            stages: BTreeMap::from([(OPEN.to_owned(), open)]),
            deadline: None,
            settle: None,
            retention: None,
        }
    }

    /// Whether the form of an order may have a field: any without a workflow, else those of the
    /// workflow and its stages.
    #[must_use]
    pub fn has_field(&self, id: &str) -> bool {
        let stages = self.stages.values().flat_map(|stage| &stage.form);
        let is_plain = self.name == PLAIN && self.form.is_empty();
        is_plain || self.form.iter().chain(stages).any(|field| field.id == id)
    }

    /// The predecessors of each stage; an unreachable stage has no entry.
    #[must_use]
    pub fn predecessors(&self) -> BTreeMap<&str, BTreeSet<Predecessor<'_>>> {
        let mut predecessors: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
        for stage in &self.start {
            predecessors.entry(stage).or_default().insert(None);
        }
        for (name, stage) in &self.stages {
            for target in stage.next.targets() {
                let from = predecessors.entry(target).or_default();
                from.insert(Some(name.as_str()));
            }
        }
        predecessors
    }
}

impl FieldKind {
    /// The name in a workflow file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Choice(_) => "choice",
            Self::List => "list",
            Self::File => "file",
        }
    }
}

impl NextStages {
    /// Every stage that it may activate.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        let lists: Vec<&Vec<String>> = match self {
            Self::All(stages) => vec![stages],
            Self::ByOutcome(choices) => choices.values().collect(),
        };
        lists.into_iter().flatten().map(String::as_str)
    }
}
