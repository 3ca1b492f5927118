//! A workflow as a picture: the positions of its stages from left to right and the paths of the
//! arrows between them, in whole pixels. The same workflow always gives the same picture.
//!
//! Reading order: `graph` (a cell for everything that takes room, in ranks), `rows` (the order of
//! cells in a rank, so that few arrows cross), `layout` (the positions), `route` (the lines). The
//! caller draws it.

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
/// The space above the first and below the last line of a stage.
pub const PADDING: i64 = 9;

/// The whole picture.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture<'a> {
    /// Its width.
    pub width: i64,
    /// Its height.
    pub height: i64,
    /// The start, the stages and the ends.
    pub nodes: Vec<Node<'a>>,
    /// The arrows between the nodes.
    pub arrows: Vec<Arrow>,
}

/// The start, an end or a stage, in a rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'a> {
    /// What it shows.
    pub what: What<'a>,
    /// Its left edge.
    pub x: i64,
    /// Its top edge.
    pub y: i64,
    /// Its width.
    pub width: i64,
    /// Its height.
    pub height: i64,
}

/// What a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What<'a> {
    /// The opening.
    Start,
    /// The end of a branch.
    End,
    /// A stage, by its name.
    Stage(&'a str),
    /// A place that an arrow passes; it has no node.
    Bend,
}

/// An arrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// Its line, as an SVG path.
    pub path: String,
    /// Its tip, which always points to the right.
    pub tip: (i64, i64),
    /// Its outcomes, and the middle of the line that they are written on.
    pub label: Option<(String, (i64, i64))>,
    /// Whether it leads back.
    pub is_back: bool,
}

/// The picture, with that number of lines of text in a stage below its name and its join; `None` if
/// the workflow is too large.
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

/// The height of a stage.
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

/// The beginning of a text, as much as fits.
#[must_use]
pub fn cut(text: &str) -> String {
    const CHARS_MAX: usize = 26;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
