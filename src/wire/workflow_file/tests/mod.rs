//! What a workflow file may say, and every fault it can have, as sentences.

mod fields;
mod graphs;
mod random;
mod text;

use std::fmt::Write;

use expect_test::{Expect, expect};
use jiff::SignedDuration;

use super::{WorkflowFault, read};
use crate::domain::workflow::{FieldKind, Join, NextStages};

/// A file that is sound, to be spoilt by the line that a test adds below it.
const SOUND: &str = "\
name = 'w'
start = ['a']
[stages.a]
next = { yes = ['b'], no = [] }
[stages.b]
";

/// A file that says all that can be said.
const WHOLE: &str = r#"
name = "purchase"
kind = "order"
start = ["review"]
deadline = "14d"
settle = "1h"
retention = "365d"
[[form]]
id = "urgency"
type = "choice"
choices = ["low", "high"]
required = true
[stages.review]
next = { accepted = ["finance", "stock"], refused = [] }
deadline = "2d"
on_deadline = "refused"
[stages.finance]
next = ["close"]
[stages.stock]
next = ["close"]
[stages.close]
join = "all"
[[stages.close.form]]
id = "done_on"
type = "date"
"#;

/// The faults of a file are these.
fn check(file: &str, expected: &Expect) {
    let faults = read(file.as_bytes()).expect_err("it has faults");
    let text = faults.iter().fold(String::new(), |mut text, fault| {
        let WorkflowFault { line, message } = fault;
        let _ = writeln!(text, "{line}: {message}");
        text
    });
    expected.assert_eq(&text);
}

#[test]
fn a_whole_file_is_read() {
    let workflow = read(WHOLE.as_bytes()).unwrap();
    assert_eq!(workflow.name, "purchase");
    assert_eq!(workflow.start, ["review"]);
    assert_eq!(workflow.deadline, Some(SignedDuration::from_hours(14 * 24)));
    assert_eq!(workflow.settle, Some(SignedDuration::from_hours(1)));
    assert_eq!(
        workflow.retention,
        Some(SignedDuration::from_hours(365 * 24))
    );
    let choices = vec!["low".to_owned(), "high".to_owned()];
    assert_eq!(workflow.form[0].kind, FieldKind::Choice(choices));
    assert!(workflow.form[0].required);
}

#[test]
fn the_stages_of_a_whole_file_are_read() {
    let workflow = read(WHOLE.as_bytes()).unwrap();
    let review = &workflow.stages["review"];
    let NextStages::ByOutcome(outcomes) = &review.next else {
        panic!("{review:?}");
    };
    assert_eq!(outcomes["accepted"], ["finance", "stock"]);
    assert!(outcomes["refused"].is_empty());
    let deadline = review.deadline.as_ref().unwrap();
    assert_eq!(deadline.after, SignedDuration::from_hours(48));
    assert_eq!(deadline.outcome.as_deref(), Some("refused"));
    let close = &workflow.stages["close"];
    assert_eq!(
        (close.join, &close.next),
        (Some(Join::All), &NextStages::All(vec![]))
    );
    assert_eq!(close.form[0].kind, FieldKind::Date);
    assert!(!close.form[0].required);
}

#[test]
fn the_example_in_the_documentation_is_sound() {
    let (_, rest) = include_str!("../mod.rs").split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("//! ```").unwrap();
    let lines = example.lines().map(|line| line.trim_start_matches("//!"));
    let file: Vec<_> = lines.collect();
    assert_eq!(read(file.join("\n").as_bytes()).unwrap().stages.len(), 4);
}

#[test]
fn every_type_of_field_is_known_by_its_name() {
    for name in ["text", "number", "boolean", "date", "list", "file"] {
        let file = format!("{SOUND}[[form]]\nid = 'f'\ntype = '{name}'\n");
        let workflow = read(file.as_bytes()).unwrap();
        assert_eq!(workflow.form[0].kind.name(), name);
    }
}

#[test]
fn all_faults_are_reported_at_once_in_the_order_of_their_lines() {
    check(
        "nam = 'w'\nstart = ['a']\ndeadline = 'soon'\n[stages.a]\nnext = ['b', 'c']\njoin = 'al'\n\
         [stages.b]\nnext = 7\n[[stages.b.form]]\nid = ''\n",
        &expect![[r#"
            1: the workflow has no `name`; add `name = "purchase"`
            1: unknown key `nam` in the workflow; did you mean `name`?
            3: `deadline` in the workflow can't be `soon`; write a duration from 1ms to 3650d, such as `"250ms"`, `"30m"`, `"12h"` or `"2d"`
            5: `next` of stage `a` names the stage `c`, which is not there; add a table for it under `[stages]`, or name another
            6: `join` in stage `a` can't be `al`; write `"all"` or `"any"`
            8: `next` in stage `b` is a number; write a list such as `["close"]`, or a table of outcomes such as `{ accepted = ["close"], refused = [] }`
            9: field `` has no `type`; add `type = "text"`
            10: the id of a field can't be ``; use 1 to 100 bytes without control characters
        "#]],
    );
}
