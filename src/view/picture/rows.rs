//! The order of cells in each rank: by the mean position of their neighbours, so that few arrows
//! cross.

use super::graph::{Graph, Id};

/// The number of passes over all ranks, alternately forward and back.
const ROUNDS: usize = 12;
/// The precision of mean positions.
const SCALE: usize = 1_000;

/// Orders the cells of every rank. The best of all passes is kept.
pub(super) fn arrange(graph: &mut Graph<'_>) {
    let mut best = (crossings(graph), graph.ranks.clone());
    for round in 0..ROUNDS {
        if best.0 == 0 {
            break;
        }
        sweep(graph, round % 2 == 0);
        let count = crossings(graph);
        if count < best.0 {
            best = (count, graph.ranks.clone());
        }
    }
    graph.ranks = best.1;
}

/// The number of pairs of arrows that cross.
pub(super) fn crossings(graph: &Graph<'_>) -> usize {
    let places = places(graph);
    let place = |id: &Id| places.get(*id).copied().unwrap_or(0);
    let mut count = 0;
    for row in &graph.ranks {
        let cells = row.iter().filter_map(|id| graph.cells.get(*id));
        let ends = cells.map(|cell| cell.after.iter().map(place).collect::<Vec<_>>());
        let ends: Vec<Vec<usize>> = ends.collect();
        for (index, above) in ends.iter().enumerate() {
            for below in ends.iter().skip(index + 1) {
                let pairs = above
                    .iter()
                    .map(|one| below.iter().filter(|other| *other < one));
                count += pairs.map(Iterator::count).sum::<usize>();
            }
        }
    }
    count
}

fn sweep(graph: &mut Graph<'_>, leads_on: bool) {
    let mut places = places(graph);
    let mut order: Vec<usize> = (0..graph.ranks.len()).collect();
    if !leads_on {
        order.reverse();
    }
    for rank in order {
        let Some(row) = graph.ranks.get_mut(rank) else {
            continue;
        };
        let place = |id: Id| places.get(id).copied().unwrap_or(0);
        row.sort_by_cached_key(|id| {
            let cell = graph.cells.get(*id);
            let others = cell.map(|cell| if leads_on { &cell.before } else { &cell.after });
            let others = others.filter(|others| !others.is_empty());
            others.map_or(place(*id) * SCALE, |others| {
                let sum: usize = others.iter().map(|id| place(*id)).sum();
                sum * SCALE / others.len()
            })
        });
        for (index, id) in row.iter().enumerate() {
            if let Some(place) = places.get_mut(*id) {
                *place = index;
            }
        }
    }
}

/// The index of each cell in its rank.
fn places(graph: &Graph<'_>) -> Vec<usize> {
    let mut places = vec![0; graph.cells.len()];
    for row in &graph.ranks {
        for (index, id) in row.iter().enumerate() {
            if let Some(place) = places.get_mut(*id) {
                *place = index;
            }
        }
    }
    places
}
