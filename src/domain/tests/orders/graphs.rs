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
pub(super) struct Builder {
    pub(super) stages: BTreeMap<String, Stage>,
}

impl Builder {
    pub(super) fn stage(&mut self, next: NextStages, join: Option<Join>) -> Vec<String> {
        let name = format!("s{}", self.stages.len());
        let stage = Stage {
            next,
            join,
            form: Vec::new(),
            deadline: None,
        };
        self.stages.insert(name.clone(), stage);
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
        form: Vec::new(),
        stages: builder.stages,
        deadline: None,
        settle: None,
        retention: None,
    }
}

/// review → end, or correct → review again.
pub(super) fn away_and_back() -> Workflow {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let outcomes = [
        ("accepted".to_owned(), named(&["end"])),
        ("refused".to_owned(), named(&["correct"])),
    ];
    let stage = |next| Stage {
        next,
        join: None,
        form: Vec::new(),
        deadline: None,
    };
    let stages = [
        ("review", stage(NextStages::ByOutcome(outcomes.into()))),
        ("correct", stage(NextStages::All(named(&["review"])))),
        ("end", stage(NextStages::All(Vec::new()))),
    ];
    let stages = stages.map(|(name, stage)| (name.to_owned(), stage));
    Workflow {
        start: named(&["review"]),
        stages: stages.into(),
        ..Workflow::plain()
    }
}
