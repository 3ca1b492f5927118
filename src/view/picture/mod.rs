//! A workflow as a picture: where its stages stand from left to right and how the arrows between them
//! run, in whole pixels. The same workflow always gives the same picture.
//!
//! Reading order: `graph` (a cell for all that takes room, in ranks), `rows` (who stands above whom,
//! so that few arrows cross), `place` (how far apart), `route` (the lines). What it looks like is
//! left to whoever shows it.

mod graph;
mod layout;
mod route;
mod rows;
#[cfg(test)]
mod tests;

use self::graph::{Cell, Graph};
pub use self::route::HEAD;
use crate::domain::workflow::{Stage, Workflow};
/// How high a line of text in a stage is.
pub const LINE_HEIGHT: i64 = 17;
/// Above the first and below the last line of a stage.
pub const PADDING: i64 = 9;

/// The whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture<'a> {
    /// How wide it is.
    pub width: i64,
    /// How high it is.
    pub height: i64,
    /// What the arrows lie between.
    pub nodes: Vec<Node<'a>>,
    /// From where to where an order goes.
    pub arrows: Vec<Arrow>,
}

/// The start, an end or a stage, in a rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'a> {
    /// Which.
    pub what: What<'a>,
    /// Its left.
    pub x: i64,
    /// Its top.
    pub y: i64,
    /// How wide it is.
    pub width: i64,
    /// How high it is.
    pub height: i64,
}

/// What takes room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What<'a> {
    /// The opening.
    Start,
    /// Where a branch ends.
    End,
    /// A stage, by its name.
    Stage(&'a str),
    /// Only a place that an arrow passes; there is no node of it.
    Bend,
}

/// An arrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// Its line, as SVG writes paths.
    pub path: String,
    /// Where it points to, always to the right.
    pub tip: (i64, i64),
    /// The outcomes that it is taken with, and the middle of the line that they are written on.
    pub label: Option<(String, (i64, i64))>,
    /// Whether it leads back.
    pub is_back: bool,
}

/// The picture, with so many lines of text in a stage beside its name and its join; none of what is
/// too large for one.
#[must_use]
pub fn of(workflow: &Workflow, lines: i64) -> Option<Picture<'_>> {
    let mut graph = Graph::of(workflow, lines)?;
    rows::arrange(&mut graph);
    let columns = layout::place(&mut graph);
    let (arrows, height) = route::arrows(&graph, &columns);
    let nodes = graph.cells.iter().filter_map(node).collect();
    let last = columns.last().map_or(0, |column| column.right);
    Some(Picture {
        width: last + layout::MARGIN,
        height: height + layout::MARGIN,
        nodes,
        arrows,
    })
}

/// How high a stage is.
fn height(stage: Option<&Stage>, lines: i64) -> i64 {
    let joins = stage.is_some_and(|stage| stage.join.is_some());
    (1 + lines + i64::from(joins)) * LINE_HEIGHT + 2 * PADDING
}

fn node<'a>(cell: &Cell<'a>) -> Option<Node<'a>> {
    (cell.what != What::Bend).then_some(Node {
        what: cell.what,
        x: cell.x,
        y: cell.y - cell.height / 2,
        width: cell.width,
        height: cell.height,
    })
}

/// As much of a text as there is room for.
#[must_use]
pub fn cut(text: &str) -> String {
    const CHARS_MAX: usize = 26;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
