//! The lines of arrows: forward arrows run through the gaps between columns, arrows back below all
//! stages that they pass.

use std::fmt::Write;

use super::graph::{Graph, Id, Way};
use super::layout::Column;
use super::{Arrow, What};

/// The length of the head of an arrow.
pub const HEAD: i64 = 8;
/// The distance of an arrow back from what it passes.
const LANE: i64 = 26;
/// The radius of its corners.
const CORNER: i64 = 6;
/// How many of them run side by side between two columns, and how far apart.
const BESIDE: i64 = 3;
const APART: i64 = 5;
/// How far below the middle of a stage an arrow back leaves and arrives.
const LOWER: i64 = 9;

/// The track of an arrow back.
#[derive(Clone, Copy)]
struct Lane {
    y: i64,
    /// How much farther it is from its stages than the nearest one.
    beside: i64,
}

/// The arrows, and the lowest point of them and of the cells.
pub(super) fn arrows(graph: &Graph<'_>, columns: &[Column]) -> (Vec<Arrow>, i64) {
    let mut floors = vec![0; columns.len()];
    for cell in &graph.cells {
        if let Some(floor) = floors.get_mut(cell.rank) {
            *floor = (*floor).max(cell.y + cell.height / 2);
        }
    }
    let column = |id: Id| columns.get(graph.rank(id)).copied();
    let on = graph.ways.iter().filter(|way| !way.is_back);
    let mut arrows: Vec<Arrow> = on.filter_map(|way| straight(graph, way, &column)).collect();
    let mut back: Vec<&Way> = graph.ways.iter().filter(|way| way.is_back).collect();
    // Short ones run inside long ones.
    back.sort_by_key(|way| span(graph, way).map(|(first, last)| last - first));
    for (index, way) in (0..).zip(back) {
        let lane = span(graph, way).and_then(|(first, last)| {
            let passed = floors.get_mut(first..=last)?;
            let lane = passed.iter().max()? + LANE;
            passed.fill(lane);
            let beside = index % BESIDE * APART;
            Some(Lane { y: lane, beside })
        });
        arrows.extend(lane.and_then(|lane| around(graph, way, lane, &column)));
    }
    (arrows, floors.into_iter().max().unwrap_or(0))
}

/// The first and the last rank of an arrow back.
fn span(graph: &Graph<'_>, way: &Way) -> Option<(usize, usize)> {
    let (from, to) = (way.cells.first()?, way.cells.last()?);
    Some((graph.rank(*to), graph.rank(*from)))
}

fn straight(graph: &Graph<'_>, way: &Way, column: &impl Fn(Id) -> Option<Column>) -> Option<Arrow> {
    let (first, rest) = way.cells.split_first()?;
    let from = graph.cells.get(*first)?;
    let (mut x, mut y) = (from.x + from.width, from.y);
    let mut path = format!("M{x} {y}");
    let mut label = None;
    for id in rest {
        let (Column { left, right }, cell) = (column(*id)?, graph.cells.get(*id)?);
        let is_last = cell.what != What::Bend;
        // Nothing but arrows is in a column without a width: one curve is smoother than two.
        if !is_last && left == right {
            continue;
        }
        let until = if is_last { left - HEAD } else { left };
        let middle = (x + until) / 2;
        let _ = write!(
            path,
            " C{middle} {y} {middle} {} {until} {}",
            cell.y, cell.y
        );
        (x, y) = (until, cell.y);
        if !is_last {
            if label.is_none() {
                label = Some(((left + right) / 2, y));
            }
            let _ = write!(path, " H{right}");
            x = right;
        }
    }
    Some(Arrow {
        path,
        tip: (x + HEAD, y),
        label: label.and_then(|at| written(way, at)),
        is_back: false,
    })
}

/// An arrow back: out to the right, down, below everything to the left, up and in.
fn around(
    graph: &Graph<'_>,
    way: &Way,
    Lane { y: lane, beside }: Lane,
    column: &impl Fn(Id) -> Option<Column>,
) -> Option<Arrow> {
    let (from, to) = (way.cells.first()?, way.cells.last()?);
    let (right, left) = (column(*from)?.right, column(*to)?.left);
    let (out, into) = (graph.y(*from) + LOWER, graph.y(*to) + LOWER);
    let c = CORNER;
    let (far, near) = (right + c + 2 + beside, left - HEAD - c - beside);
    let path = format!(
        "M{right} {out} H{} Q{far} {out} {far} {} V{} Q{far} {lane} {} {lane} H{} Q{near} {lane} {near} {} V{} Q{near} {into} {} {into} H{}",
        far - c,
        out + c,
        lane - c,
        far - c,
        near + c,
        lane - c,
        into + c,
        near + c,
        left - HEAD,
    );
    Some(Arrow {
        path,
        tip: (left, into),
        label: written(way, ((near + far) / 2, lane)),
        is_back: true,
    })
}

fn written(way: &Way, at: (i64, i64)) -> Option<(String, (i64, i64))> {
    (!way.label.is_empty()).then(|| (way.label.clone(), at))
}
