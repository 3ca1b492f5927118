//! A workflow as a tree of arrows for the terminal.
//!
//! Every stage is drawn once, with its successors. If several arrows lead to it, it is drawn at the
//! one farthest from the start, so that a join follows its branches; the other arrows end with its
//! name and where it is drawn: `(back)` for a loop, else `(below)` or `(above)`.

use std::collections::BTreeMap;

use crate::domain::workflow::arrows::Arrows;
use crate::domain::workflow::{Join, NextStages, Stage, Workflow};

const ARROW: &str = "─▶ ";
/// A longer line continues on the next one.
const WIDTH_MAX: usize = 72;

/// The drawing, line by line.
pub(super) fn draw(workflow: &Workflow) -> String {
    let arrows = Arrows::of(workflow);
    let mut drawing = Drawing {
        workflow,
        arrows,
        lines: vec![Line::default()],
        drawn: BTreeMap::new(),
    };
    drawing.put("start ");
    drawing.all(None, &workflow.start, "");
    drawing.text()
}

/// One line, which may refer to a stage on another line.
#[derive(Debug, Default)]
struct Line<'a> {
    text: String,
    points_at: Option<&'a str>,
}

#[derive(Debug)]
struct Drawing<'a> {
    workflow: &'a Workflow,
    arrows: Arrows<'a>,
    lines: Vec<Line<'a>>,
    /// The line on which each stage was drawn.
    drawn: BTreeMap<&'a str, usize>,
}

impl<'a> Drawing<'a> {
    /// Appends stages that become active at the same time to the last line.
    fn all(&mut self, from: Option<&'a str>, targets: &'a [String], indent: &str) {
        match targets {
            [] => self.put("─▶ end"),
            [only] if self.has_room(only) => {
                self.put(ARROW);
                self.target(from, only, indent);
            }
            [_] => self.branches(from, targets, indent),
            _ => {
                if let Some(line) = self.lines.last_mut() {
                    line.text.truncate(line.text.trim_end().len());
                }
                self.put(", at the same time");
                self.branches(from, targets, indent);
            }
        }
    }

    fn branches(&mut self, from: Option<&'a str>, targets: &'a [String], indent: &str) {
        for (n, target) in targets.iter().enumerate() {
            let (fork, inner) = fork(indent, n + 1 == targets.len());
            self.begin(format!("{fork}{ARROW}"));
            self.target(from, target, &inner);
        }
    }

    fn choices(&mut self, from: &'a str, choices: &'a BTreeMap<String, Vec<String>>, indent: &str) {
        for (n, (outcome, targets)) in choices.iter().enumerate() {
            let (fork, inner) = fork(indent, n + 1 == choices.len());
            self.begin(format!("{fork}─ {outcome} "));
            self.all(Some(from), targets, &inner);
        }
    }

    fn target(&mut self, from: Option<&'a str>, name: &'a str, indent: &str) {
        self.put(name);
        if from.is_some_and(|from| self.arrows.is_back(from, name)) {
            self.put(" (back)");
            return;
        }
        if self.arrows.parent(name) != Some(from) || self.drawn.contains_key(name) {
            if let Some(line) = self.lines.last_mut() {
                line.points_at = Some(name);
            }
            return;
        }
        self.drawn.insert(name, self.lines.len());
        let Some(stage) = self.workflow.stages.get(name) else {
            return;
        };
        self.put(&self.join(name, stage));
        match &stage.next {
            NextStages::All(targets) => {
                self.put(" ");
                self.all(Some(name), targets, indent);
            }
            NextStages::ByOutcome(choices) => self.choices(name, choices, indent),
        }
    }

    fn join(&self, name: &str, stage: &Stage) -> String {
        let word = match stage.join {
            None => return String::new(),
            Some(Join::All) => "all",
            Some(Join::Any) => "any",
        };
        let predecessors = self.workflow.predecessors();
        let from = predecessors.get(name).into_iter().flatten();
        let names: Vec<_> = from.map(|from| from.unwrap_or("start")).collect();
        format!(" (joins {word} of {})", names.join(", "))
    }

    fn has_room(&self, name: &str) -> bool {
        let used = self
            .lines
            .last()
            .map_or(0, |line| line.text.chars().count());
        used + ARROW.len() + name.len() <= WIDTH_MAX
    }

    fn put(&mut self, text: &str) {
        if let Some(line) = self.lines.last_mut() {
            line.text.push_str(text);
        }
    }

    fn begin(&mut self, text: String) {
        self.lines.push(Line {
            text,
            points_at: None,
        });
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (n, line) in self.lines.iter().enumerate() {
            text.push_str(line.text.trim_end());
            if let Some(drawn) = line.points_at.and_then(|name| self.drawn.get(name)) {
                text.push_str(if *drawn > n + 1 {
                    " (below)"
                } else {
                    " (above)"
                });
            }
            text.push('\n');
        }
        text
    }
}

/// The beginning of a branch, and the indentation of the lines below it.
fn fork(indent: &str, is_last: bool) -> (String, String) {
    if is_last {
        (format!("{indent}└"), format!("{indent}   "))
    } else {
        (format!("{indent}├"), format!("{indent}│  "))
    }
}
