//! The stages: where each leads to, what it waits for, and how long an order may stay there.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::{Mention, Reader, StageReference};
use super::table::{Table, Text};
use super::{CHOICES_MAX, DAY, MILLISECOND, NAME_BYTES_MAX, STAGES_MAX, form};
use crate::config::quoted;
use crate::domain::workflow::{Join, NextStages, Stage, StageDeadline};

const KEYS: [&str; 5] = ["next", "join", "form", "deadline", "on_deadline"];

/// The stages that opening enters.
pub(super) fn start(reader: &mut Reader<'_>, table: &Table<'_, '_>) -> Vec<String> {
    let Some(value) = table.get("start") else {
        reader.ways_are_unknown();
        let message = "the workflow has no `start`; add `start = [\"review\"]`";
        reader.fault(&table.at, message);
        return Vec::new();
    };
    let names = table.texts_of(reader, "start", value);
    if names.as_ref().is_some_and(Vec::is_empty) {
        reader.ways_are_unknown();
        let message = "`start` is empty; name the stages that opening enters";
        reader.fault(&value.span(), message);
    }
    mention(reader, names, "`start`")
}

/// Every stage by name.
pub(super) fn read_all(
    reader: &mut Reader<'_>,
    workflow: &Table<'_, '_>,
) -> BTreeMap<String, Stage> {
    let Some(value) = workflow.get("stages") else {
        reader.stages_are_unknown();
        let message = "the workflow has no stages; add a table `[stages.review]`";
        reader.fault(&workflow.at, message);
        return BTreeMap::new();
    };
    let DeValue::Table(tables) = value.get_ref() else {
        reader.stages_are_unknown();
        let expected = "each stage under a header such as `[stages.review]`";
        let _: Option<()> = workflow.wrong(reader, "stages", value, expected);
        return BTreeMap::new();
    };
    if tables.len() > STAGES_MAX {
        reader.stages_are_unknown();
        let count = tables.len();
        let message = format!("the workflow has {count} stages; {STAGES_MAX} are allowed");
        reader.fault(&value.span(), message);
        return BTreeMap::new();
    }
    let mut stages = BTreeMap::new();
    for (name, value) in tables.iter() {
        reader.check_name(&name.span(), "the name of a stage", name.get_ref());
        if let DeValue::Table(table) = value.get_ref() {
            stages.insert(name.get_ref().to_string(), stage(reader, name, table));
        } else {
            reader.stages_are_unknown();
            let expected = format!("a stage under a header `[stages.{}]`", name.get_ref());
            let key = format!("stages.{}", name.get_ref());
            let _: Option<()> = workflow.wrong(reader, &key, value, &expected);
        }
    }
    stages
}

fn stage(reader: &mut Reader<'_>, name: &Spanned<impl AsRef<str>>, table: &DeTable<'_>) -> Stage {
    let name_text = name.get_ref().as_ref();
    let what = format!("stage {}", quoted(name_text));
    let table = Table::new(table, name.span(), what);
    table.check_keys(reader, &KEYS);
    let next = next(reader, &table);
    let join = join(reader, &table);
    let place = StageReference {
        header: name.span(),
        join: table.get("join").map(Spanned::span),
    };
    reader.places.insert(name_text.to_owned(), place);
    let header = format!("[[stages.{name_text}.form]]");
    Stage {
        form: form::read(reader, &table, &header),
        deadline: deadline(reader, &table, &next),
        next,
        join,
    }
}

fn next(reader: &mut Reader<'_>, table: &Table<'_, '_>) -> NextStages {
    let Some(value) = table.get("next") else {
        return NextStages::All(Vec::new());
    };
    let by = format!("`next` of {}", table.what);
    match value.get_ref() {
        DeValue::Table(choices) => {
            if choices.is_empty() || choices.len() > CHOICES_MAX {
                let message = format!(
                    "{by} has {} outcomes; 1 to {CHOICES_MAX} are allowed, and without a choice it \
                     is a list",
                    choices.len()
                );
                reader.fault(&value.span(), message);
            }
            let mut by_outcome = BTreeMap::new();
            for (outcome, targets) in choices.iter().take(CHOICES_MAX) {
                let name = outcome.get_ref().to_string();
                reader.check_label(&outcome.span(), "an outcome", &name, NAME_BYTES_MAX);
                let names = table.texts_of(reader, &format!("next.{name}"), targets);
                by_outcome.insert(name, mention(reader, names, &by));
            }
            NextStages::ByOutcome(by_outcome)
        }
        DeValue::Array(_) => {
            let names = table.texts_of(reader, "next", value);
            NextStages::All(mention(reader, names, &by))
        }
        _ => {
            reader.ways_are_unknown();
            let expected = "a list such as `[\"close\"]`, or a table of outcomes such as \
                            `{ accepted = [\"close\"], refused = [] }`";
            let _: Option<()> = table.wrong(reader, "next", value, expected);
            NextStages::All(Vec::new())
        }
    }
}

fn join(reader: &mut Reader<'_>, table: &Table<'_, '_>) -> Option<Join> {
    let (word, at) = table.text(reader, "join")?;
    match word.as_str() {
        "all" => Some(Join::All),
        "any" => Some(Join::Any),
        _ => {
            reader.ways_are_unknown();
            let remedy = "write `\"all\"` or `\"any\"`";
            reader.refuse(&at, &table.called("join"), &word, remedy);
            None
        }
    }
}

fn deadline(
    reader: &mut Reader<'_>,
    table: &Table<'_, '_>,
    next: &NextStages,
) -> Option<StageDeadline> {
    let after = table.duration(reader, "deadline", MILLISECOND..=3_650 * DAY);
    let outcome = table.text(reader, "on_deadline");
    if let Some((outcome, at)) = &outcome {
        let remedy = match next {
            _ if table.get("deadline").is_none() => Some("add a `deadline`, or remove it".to_owned()),
            NextStages::All(_) => Some(
                "`next` is a list and has no outcomes: remove it, and the order ends with an error, \
                 or make `next` a table"
                    .to_owned(),
            ),
            NextStages::ByOutcome(choices) if choices.contains_key(outcome) => None,
            NextStages::ByOutcome(choices) => {
                let names: Vec<_> = choices.keys().map(|name| quoted(name)).collect();
                Some(format!("the outcomes are {}", names.join(", ")))
            }
        };
        if let Some(remedy) = remedy {
            reader.refuse(at, &table.called("on_deadline"), outcome, &remedy);
        }
    }
    let outcome = outcome.map(|(outcome, _)| outcome);
    after.map(|after| StageDeadline { after, outcome })
}

/// Notes which stages are mentioned by what, and refuses duplicates.
fn mention(reader: &mut Reader<'_>, names: Option<Vec<Text>>, by: &str) -> Vec<String> {
    let Some(names) = names else {
        reader.ways_are_unknown();
        return Vec::new();
    };
    let mut stages = Vec::with_capacity(names.len());
    let mut seen = BTreeSet::new();
    for (stage, at) in names {
        if !seen.insert(stage.clone()) {
            let message = format!("{by} names the stage {} twice; remove one", quoted(&stage));
            reader.fault(&at, message);
            continue;
        }
        let by = by.to_owned();
        reader.mentions.push(Mention {
            stage: stage.clone(),
            at,
            by,
        });
        stages.push(stage);
    }
    stages
}
