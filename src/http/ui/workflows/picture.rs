//! The picture of a workflow as SVG, with notes on its stages.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::domain::workflow::{Join, Workflow};
use crate::view::picture::{self, Arrow, HEAD, LINE_HEIGHT, Node, PADDING, What};

const TOO_LARGE: &str = "This workflow has more arrows than a picture can show.";

/// A note on a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Note {
    pub(in super::super) state: StageState,
    /// The state in a few words.
    pub(in super::super) words: String,
}

/// The state of a stage in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum StageState {
    /// The order is at this stage.
    Here,
    /// The order has left it.
    Passed,
    /// The order has not entered it.
    Ahead,
}

pub(in super::super) type Notes<'a> = BTreeMap<&'a str, Note>;

/// The picture, with the text as its description. Notes are on every stage or on none.
pub(in super::super) fn svg(workflow: &Workflow, notes: &Notes<'_>, text: &str) -> Markup {
    let Some(picture) = picture::of(workflow, i64::from(!notes.is_empty())) else {
        return html! { p.hint { (TOO_LARGE) } };
    };
    let (width, height) = (picture.width, picture.height);
    html! {
        div.picture tabindex="0" role="region" aria-label="Picture of the workflow" {
            svg width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img" aria-labelledby="picture-name picture-text" {
                title #picture-name { "Workflow " (workflow.name) }
                desc #picture-text { (text) }
                @for one in &picture.arrows { (arrow(one)) }
                @for one in &picture.nodes { (node(one, workflow, notes)) }
            }
        }
    }
}

fn arrow(arrow: &Arrow) -> Markup {
    let (x, y) = arrow.tip;
    let head = format!("{},{} {x},{y} {},{}", x - HEAD, y - 4, x - HEAD, y + 4);
    html! {
        g.arrow.back[arrow.is_back] {
            path d=(arrow.path) {}
            polygon points=(head) {}
            @if let Some((text, (x, y))) = &arrow.label {
                text x=(x) y=(y - 5) { (text) }
            }
        }
    }
}

fn node(node: &Node<'_>, workflow: &Workflow, notes: &Notes<'_>) -> Markup {
    let (x, y) = (node.x + node.width / 2, node.y + node.height / 2);
    let radius = node.width / 2;
    match node.what {
        What::Bend => html! {},
        What::Start => html! { g.dot { title { "Start" } circle cx=(x) cy=(y) r=(radius) {} } },
        What::End => html! {
            g.dot.end {
                title { "End of a branch" }
                circle cx=(x) cy=(y) r=(radius) {}
                circle.inner cx=(x) cy=(y) r=(radius - 5) {}
            }
        },
        What::Stage(name) => stage(node, name, &lines(name, workflow, notes), notes.get(name)),
    }
}

/// The lines below the name.
fn lines(name: &str, workflow: &Workflow, notes: &Notes<'_>) -> Vec<String> {
    let join = workflow.stages.get(name).and_then(|stage| stage.join);
    let join = join.map(|join| match join {
        Join::All => "joins all".to_owned(),
        Join::Any => "joins any".to_owned(),
    });
    let note = notes.get(name).map(|note| note.words.clone());
    join.into_iter().chain(note).collect()
}

fn stage(node: &Node<'_>, name: &str, lines: &[String], note: Option<&Note>) -> Markup {
    let state = note.map(|note| match note.state {
        StageState::Here => "here",
        StageState::Passed => "passed",
        StageState::Ahead => "ahead",
    });
    let middle = node.x + node.width / 2;
    let line = node.y + PADDING + LINE_HEIGHT - 4;
    html! {
        g.stage data-state=[state] {
            title { (name) }
            rect x=(node.x) y=(node.y) width=(node.width) height=(node.height) rx="7" {}
            text.name x=(middle) y=(line) { (picture::cut(name)) }
            @for (index, text) in (1..).zip(lines) {
                text x=(middle) y=(line + index * LINE_HEIGHT) { (text) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::workflow_file::read;

    const FILE: &str = "name = 'w'\nstart = ['a']\n[stages]\na.next = { '<b>&' = ['c'], go = ['d'] }\nc.next = ['e']\nd.next = ['e']\ne.join = 'any'\n";

    #[test]
    fn every_stage_shows_its_state_and_outcomes_are_escaped() {
        let workflow = read(FILE.as_bytes()).unwrap();
        let note = |state, words: &str| Note {
            state,
            words: words.to_owned(),
        };
        let notes = Notes::from([
            ("a", note(StageState::Passed, "passed (2×)")),
            ("c", note(StageState::Here, "current")),
            ("d", note(StageState::Ahead, "not entered")),
            ("e", note(StageState::Ahead, "not entered")),
        ]);
        let drawn = svg(&workflow, &notes, "Waiting at <c>.").into_string();
        for words in [
            "&lt;b&gt;&amp;",
            "Waiting at &lt;c&gt;.",
            "data-state=\"passed\"><title>a</title>",
            "data-state=\"here\"><title>c</title>",
            "data-state=\"ahead\"><title>e</title>",
            "joins any",
            "passed (2×)",
        ] {
            assert!(drawn.contains(words), "{words} is not in {drawn}");
        }
        assert!(!drawn.contains("<b>") && !drawn.contains("style="));
        let bare = svg(&workflow, &Notes::new(), "").into_string();
        assert!(!bare.contains("data-state"), "{bare}");
    }

    #[test]
    fn a_workflow_that_is_too_large_is_not_drawn() {
        let names: Vec<String> = (0..50).map(|n| format!("s{n}")).collect();
        let next = format!("{names:?}");
        let stages = names.iter().map(|name| format!("{name}.next = {next}\n"));
        let file = format!(
            "name = 'w'\nstart = ['s0']\n[stages]\n{}",
            stages.collect::<String>()
        );
        let workflow = read(file.as_bytes()).unwrap();
        let drawn = svg(&workflow, &Notes::new(), "").into_string();
        assert!(drawn.contains(TOO_LARGE), "{drawn}");
    }
}
