//! The graph of a picture: a cell for every stage, for the start and the ends, and for every place
//! between them that an arrow passes. Cells are placed in ranks, from left to right; stages only in
//! every other one, so that there is room for outcomes between them.

use std::collections::BTreeMap;

use super::{What, cut, height};
use crate::domain::workflow::arrows::Arrows;
use crate::domain::workflow::{NextStages, Workflow};

/// Pictures of more arrows, or of more cells, are too large to be read.
const LINKS_MAX: usize = 1_000;
const CELLS_MAX: usize = 2_000;
/// The ranks from a stage to the next.
const STRIDE: usize = 2;

const STAGE_WIDTH_MIN: i64 = 128;
/// How wide the start and an end are.
const DOT: i64 = 18;
/// The height of a bend, with its label.
const BEND_HEIGHT: i64 = 22;

/// The index of a cell.
pub(super) type Id = usize;

/// A rectangle; its position is set by `layout`.
#[derive(Debug)]
pub(super) struct Cell<'a> {
    pub(super) what: What<'a>,
    pub(super) rank: usize,
    pub(super) before: Vec<Id>,
    pub(super) after: Vec<Id>,
    pub(super) width: i64,
    pub(super) height: i64,
    /// Its left edge.
    pub(super) x: i64,
    /// Its vertical middle.
    pub(super) y: i64,
}

/// One arrow: the cells that it passes, the first and the last included.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) cells: Vec<Id>,
    pub(super) label: String,
    pub(super) is_back: bool,
}

#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) cells: Vec<Cell<'a>>,
    /// The cells of each rank, from top to bottom.
    pub(super) ranks: Vec<Vec<Id>>,
    pub(super) ways: Vec<Way>,
}

/// An edge with its outcomes; `None` is the start or the end.
struct Link<'a> {
    from: Option<&'a str>,
    to: Option<&'a str>,
    outcomes: Vec<&'a str>,
}

impl<'a> Graph<'a> {
    /// The graph, unless it is too large.
    pub(super) fn of(workflow: &'a Workflow, lines: i64) -> Option<Self> {
        let arrows = Arrows::of(workflow);
        let links = links(workflow, &arrows)?;
        let ranks = ranks(&links, &arrows);
        let mut graph = Self {
            cells: Vec::new(),
            ranks: Vec::new(),
            ways: Vec::new(),
        };
        let start = graph.add(What::Start, 0, (DOT, DOT));
        let mut known: BTreeMap<Option<&str>, Id> = BTreeMap::from([(None, start)]);
        for name in arrows.sorted() {
            let height = height(workflow.stages.get(*name), lines);
            let rank = ranks.get(name).copied().unwrap_or(STRIDE);
            let size = (STAGE_WIDTH_MIN.max(name_width(name)), height);
            known.insert(Some(name), graph.add(What::Stage(name), rank, size));
        }
        for link in &links {
            let from = known.get(&link.from).copied()?;
            let is_back = leads_back(link, &arrows);
            let to = match link.to {
                Some(_) => known.get(&link.to).copied()?,
                None => graph.add(What::End, graph.rank(from) + STRIDE, (DOT, DOT)),
            };
            graph.link((from, to), cut(&link.outcomes.join(", ")), is_back);
            if graph.cells.len() > CELLS_MAX {
                return None;
            }
        }
        Some(graph)
    }

    pub(super) fn y(&self, id: Id) -> i64 {
        self.cells.get(id).map_or(0, |cell| cell.y)
    }

    pub(super) fn rank(&self, id: Id) -> usize {
        self.cells.get(id).map_or(0, |cell| cell.rank)
    }

    fn add(&mut self, what: What<'a>, rank: usize, (width, height): (i64, i64)) -> Id {
        let id = self.cells.len();
        self.cells.push(Cell {
            what,
            rank,
            before: Vec::new(),
            after: Vec::new(),
            width,
            height,
            x: 0,
            y: 0,
        });
        if self.ranks.len() <= rank {
            self.ranks.resize_with(rank + 1, Vec::new);
        }
        if let Some(row) = self.ranks.get_mut(rank) {
            row.push(id);
        }
        id
    }

    /// Adds an arrow. A forward arrow passes a cell in every rank, the first of which has its
    /// label. An arrow back runs below, and its stage becomes as wide as its label.
    fn link(&mut self, (from, to): (Id, Id), label: String, is_back: bool) {
        let label_width = label_width(&label);
        let mut cells = vec![from];
        if is_back {
            if let Some(cell) = self.cells.get_mut(from) {
                cell.width = cell.width.max(label_width);
            }
        } else {
            let mut width = label_width;
            for rank in self.rank(from) + 1..self.rank(to) {
                cells.push(self.add(What::Bend, rank, (width, BEND_HEIGHT)));
                width = 0;
            }
        }
        cells.push(to);
        if !is_back {
            for (one, next) in cells.iter().zip(cells.iter().skip(1)) {
                if let Some(cell) = self.cells.get_mut(*one) {
                    cell.after.push(*next);
                }
                if let Some(cell) = self.cells.get_mut(*next) {
                    cell.before.push(*one);
                }
            }
        }
        self.ways.push(Way {
            cells,
            label,
            is_back,
        });
    }
}

/// The edges in the order of the stages that they leave; `None` if there are too many.
fn links<'a>(workflow: &'a Workflow, arrows: &Arrows<'a>) -> Option<Vec<Link<'a>>> {
    let mut links = Vec::new();
    let mut of_one = Vec::new();
    add(&mut of_one, None, &workflow.start, None);
    links.append(&mut of_one);
    for name in arrows.sorted() {
        match &workflow.stages.get(*name)?.next {
            NextStages::All(targets) => add(&mut of_one, Some(name), targets, None),
            NextStages::ByOutcome(choices) => {
                for (outcome, targets) in choices {
                    add(&mut of_one, Some(name), targets, Some(outcome));
                }
            }
        }
        links.append(&mut of_one);
        if links.len() > LINKS_MAX {
            return None;
        }
    }
    Some(links)
}

fn add<'a>(
    links: &mut Vec<Link<'a>>,
    from: Option<&'a str>,
    targets: &'a [String],
    outcome: Option<&'a str>,
) {
    let end = targets.is_empty().then_some(None);
    let targets = targets.iter().map(|target| Some(target.as_str()));
    for to in targets.chain(end) {
        if let Some(link) = links.iter_mut().find(|link| link.to == to) {
            link.outcomes.extend(outcome);
        } else {
            let outcomes = outcome.into_iter().collect();
            links.push(Link { from, to, outcomes });
        }
    }
}

/// The length of the longest path from the start to each stage.
fn ranks<'a>(links: &[Link<'a>], arrows: &Arrows<'a>) -> BTreeMap<&'a str, usize> {
    let mut ranks: BTreeMap<&str, usize> = BTreeMap::new();
    // Links are in the order of the stages that they leave, so those leading there were seen
    // before.
    for link in links {
        let here = link.from.and_then(|from| ranks.get(from)).copied();
        if let (Some(to), false) = (link.to, leads_back(link, arrows)) {
            let rank = ranks.entry(to).or_default();
            *rank = (*rank).max(here.unwrap_or(0) + STRIDE);
        }
    }
    ranks
}

fn leads_back(link: &Link<'_>, arrows: &Arrows<'_>) -> bool {
    let both = link.from.zip(link.to);
    both.is_some_and(|(from, to)| arrows.is_back(from, to))
}

fn name_width(name: &str) -> i64 {
    length(&cut(name), 9) + 28
}

fn label_width(label: &str) -> i64 {
    match label {
        "" => 0,
        label => length(label, 7) + 14,
    }
}

/// The maximum width of a text; `base` is the width of a lower-case character.
fn length(text: &str, base: i64) -> i64 {
    let width = |c: char| match c {
        'm' | 'w' | 'M' | 'W' | '@' | '%' => (5 * base + 2) / 3,
        'A'..='Z' => 4 * base / 3,
        c if c.is_ascii() => base,
        // Characters of other scripts are wider.
        _ => 2 * base,
    };
    text.chars().map(width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_more_room() {
        // The widths in DejaVu Sans, bold at 14 pixels and plain at 12.
        assert!(name_width(&"m".repeat(26)) >= 26 * 15);
        assert!(name_width("stock") < 128);
        assert!(label_width(&"W".repeat(26)) >= 26 * 12);
        assert!(label_width(&"N".repeat(26)) >= 26 * 9);
    }
}
