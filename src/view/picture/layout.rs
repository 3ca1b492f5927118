//! The positions of cells: columns as wide as their widest cell, in which every cell is as near to
//! its neighbours as the cells above and below it allow.

use super::What;
use super::graph::{Graph, Id};

/// Around the picture.
pub(super) const MARGIN: i64 = 20;
/// Between two columns.
pub(super) const GAP: i64 = 30;
/// Between two cells of a column.
const SPACE: i64 = 16;
/// The number of passes over all columns, alternately forward and back.
const ROUNDS: usize = 10;
/// Bends that are nearer to each other than this are straightened; at most half of [`SPACE`], so
/// that they do not come near other cells.
const SLACK: i64 = 7;

/// The edges of a rank.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) left: i64,
    pub(super) right: i64,
}

/// Adjacent cells that are moved as one.
struct Block {
    /// The sum of their preferred positions, each times its weight.
    sum: i64,
    weight: i64,
    count: usize,
}

/// Sets the position of every cell.
pub(super) fn place(graph: &mut Graph<'_>) -> Vec<Column> {
    let columns = across(graph);
    down(graph);
    columns
}

fn across(graph: &mut Graph<'_>) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for row in &graph.ranks {
        let cells = row.iter().filter_map(|id| graph.cells.get(*id));
        let width = cells.map(|cell| cell.width).max().unwrap_or(0);
        let left = columns.last().map_or(MARGIN, |last| last.right + GAP);
        let right = left + width;
        columns.push(Column { left, right });
    }
    for cell in &mut graph.cells {
        if let Some(column) = columns.get(cell.rank) {
            cell.x = column.left;
            if matches!(cell.what, What::Stage(_) | What::Bend) {
                cell.width = column.right - column.left;
            }
        }
    }
    columns
}

fn down(graph: &mut Graph<'_>) {
    let mut ranks = graph.ranks.clone();
    for row in &ranks {
        settle(graph, row, |_, _| Some(0));
    }
    for round in 0..ROUNDS {
        let leads_on = round % 2 == 0;
        let preferred = |graph: &Graph<'_>, id: Id| {
            let cell = graph.cells.get(id)?;
            mean(graph, if leads_on { &cell.before } else { &cell.after })
        };
        // Each round goes over the ranks in the other direction.
        ranks.iter().for_each(|row| settle(graph, row, preferred));
        ranks.reverse();
    }
    straighten(graph);
    let cells = graph.cells.iter();
    let top = cells.map(|cell| cell.y - cell.height / 2).min();
    for cell in &mut graph.cells {
        cell.y += MARGIN - top.unwrap_or(0);
    }
}

/// Removes small steps from the arrows that pass several columns.
fn straighten(graph: &mut Graph<'_>) {
    for way in &graph.ways {
        let mut before: Option<i64> = None;
        for id in &way.cells {
            let Some(cell) = graph.cells.get_mut(*id) else {
                continue;
            };
            if cell.what != What::Bend {
                continue;
            }
            if let Some(y) = before.filter(|y| (cell.y - y).abs() <= SLACK) {
                cell.y = y;
            }
            before = Some(cell.y);
        }
    }
}

fn mean(graph: &Graph<'_>, others: &[Id]) -> Option<i64> {
    let sum: i64 = others.iter().map(|id| graph.y(*id)).sum();
    sum.checked_div(i64::try_from(others.len()).ok()?)
}

/// Moves the cells of a rank as near as possible to their preferred positions, in their order and
/// with space between them: cells that would overlap are centred on their mean.
fn settle(graph: &mut Graph<'_>, row: &[Id], preferred: impl Fn(&Graph<'_>, Id) -> Option<i64>) {
    let mut offsets = Vec::with_capacity(row.len());
    let mut blocks: Vec<Block> = Vec::new();
    let mut offset = 0;
    let mut above = None;
    for id in row {
        let Some(cell) = graph.cells.get(*id) else {
            return;
        };
        if let Some(above) = above {
            offset += (above + cell.height) / 2 + SPACE;
        }
        above = Some(cell.height);
        offsets.push(offset);
        // Long arrows should be straight.
        let weight = if cell.what == What::Bend { 3 } else { 1 };
        let at = preferred(graph, *id).unwrap_or(cell.y);
        blocks.push(Block {
            sum: (at - offset) * weight,
            weight,
            count: 1,
        });
        merge(&mut blocks);
    }
    let tops = blocks.iter().flat_map(|block| {
        let top = block.sum / block.weight;
        std::iter::repeat_n(top, block.count)
    });
    let places: Vec<i64> = tops
        .zip(offsets)
        .map(|(top, offset)| top + offset)
        .collect();
    for (id, y) in row.iter().zip(places) {
        if let Some(cell) = graph.cells.get_mut(*id) {
            cell.y = y;
        }
    }
}

/// Merges the last blocks while the upper one's preferred position is below that of the lower one.
fn merge(blocks: &mut Vec<Block>) {
    while let [.., upper, lower] = blocks.as_mut_slice() {
        if upper.sum * lower.weight <= lower.sum * upper.weight {
            return;
        }
        upper.sum += lower.sum;
        upper.weight += lower.weight;
        upper.count += lower.count;
        blocks.pop();
    }
}
