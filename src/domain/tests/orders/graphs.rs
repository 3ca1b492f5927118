//! Workflows by lot: every one of them is sound.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::domain::workflow::{Join, NextStages, Stage, Workflow};

/// A part of a graph that is entered once and left once.
#[derive(Debug, Clone)]
pub(super) enum Block {
    Stop,
    Row(Vec<Block>),
    Fork(Vec<Block>, Join),
    Choice(Vec<Block>),
}

pub(super) fn block() -> impl Strategy<Value = Block> {
    Just(Block::Stop).prop_recursive(4, 24, 3, |inner| {
        let some = prop::collection::vec(inner, 1..4);
        let join = prop_oneof![2 => Just(Join::All), 1 => Just(Join::Any)];
        prop_oneof![
            some.clone().prop_map(Block::Row),
            (some.clone(), join).prop_map(|(blocks, join)| Block::Fork(blocks, join)),
            some.prop_map(Block::Choice),
        ]
    })
}

/// Builds the graph from its end: every part knows where it leads.
#[derive(Default)]
struct Builder {
    stages: BTreeMap<String, Stage>,
}

impl Builder {
    fn stage(&mut self, next: NextStages, join: Option<Join>) -> Vec<String> {
        let name = format!("s{}", self.stages.len());
        self.stages.insert(name.clone(), Stage::new(next, join));
        vec![name]
    }

    /// Answers with the stages that enter the block.
    fn build(&mut self, block: &Block, then: Vec<String>) -> Vec<String> {
        match block {
            Block::Stop => self.stage(NextStages::All(then), None),
            Block::Row(blocks) => {
                let blocks = blocks.iter().rev();
                blocks.fold(then, |then, block| self.build(block, then))
            }
            Block::Fork(blocks, join) => {
                let join = if blocks.len() > 1 { Some(*join) } else { None };
                let joined = self.stage(NextStages::All(then), join);
                let branches = blocks.iter();
                let branches: Vec<String> = branches
                    .flat_map(|block| {
                        // A branch has an end of its own, so that the join has as many
                        // predecessors as branches.
                        let end = self.stage(NextStages::All(joined.clone()), None);
                        self.build(block, end)
                    })
                    .collect();
                self.stage(NextStages::All(branches), None)
            }
            Block::Choice(blocks) => {
                let choices = blocks
                    .iter()
                    .enumerate()
                    .map(|(index, block)| (index.to_string(), self.build(block, then.clone())));
                let choices = choices.collect();
                self.stage(NextStages::ByOutcome(choices), None)
            }
        }
    }
}

pub(super) fn workflow(block: &Block) -> Workflow {
    let mut builder = Builder::default();
    let end = builder.stage(NextStages::All(Vec::new()), None);
    let start = builder.build(block, end);
    Workflow {
        name: "generated".to_owned(),
        start,
        stages: builder.stages,
        ..Workflow::plain()
    }
}

/// review → end, or correct → review again.
pub(super) fn away_and_back() -> Workflow {
    reviewed(
        &["end"],
        &["correct"],
        &[("correct", &["review"], None), ("end", &[], None)],
    )
}

/// review → finance and stock → close (join); refused goes back to review.
pub(super) fn purchase() -> Workflow {
    let stages: &[Linear<'_>] = &[
        ("finance", &["close"], None),
        ("stock", &["close"], None),
        ("close", &[], Some(Join::All)),
    ];
    reviewed(&["finance", "stock"], &["review"], stages)
}

/// A stage without a choice: its name, what follows it, its join.
type Linear<'a> = (&'a str, &'a [&'a str], Option<Join>);

/// Begins with a review, which is accepted or refused.
fn reviewed(accepted: &[&str], refused: &[&str], then: &[Linear<'_>]) -> Workflow {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let outcomes = [("accepted", accepted), ("refused", refused)];
    let outcomes = outcomes.map(|(outcome, next)| (outcome.to_owned(), named(next)));
    let review = Stage::new(NextStages::ByOutcome(outcomes.into()), None);
    let then = then.iter().map(|(name, next, join)| {
        (
            (*name).to_owned(),
            Stage::new(NextStages::All(named(next)), *join),
        )
    });
    Workflow {
        name: "generated".to_owned(),
        start: named(&["review"]),
        stages: then.chain([("review".to_owned(), review)]).collect(),
        ..Workflow::plain()
    }
}
