//! Pages of the documentation that are generated from the code; `UPDATE_EXPECT=1` rewrites them.

use std::fmt::Write;

use expect_test::expect_file;
use serde_json::Value;
use waybill::cli::reference::reference;
use waybill::config::settings_table;
use waybill::telemetry::metrics_table;
use waybill::wire::schema;

use crate::{files, read, root};

/// The part of a page above this line is written by hand.
const MADE: &str =
    "<!-- made from the code from here on: UPDATE_EXPECT=1 cargo test --test tidy -->\n";

#[test]
fn every_setting_has_a_row() {
    let page = page("settings", &settings_table());
    expect_file!["../../docs/reference/settings.md"].assert_eq(&page);
}

#[test]
fn every_metric_has_a_row() {
    let page = page("metrics", &metrics_table());
    expect_file!["../../docs/reference/metrics.md"].assert_eq(&page);
}

#[test]
fn every_command_has_a_section() {
    let page = page("commands", &reference());
    expect_file!["../../docs/reference/commands.md"].assert_eq(&page);
}

#[test]
fn every_message_has_a_section() {
    let mut text = String::new();
    for (name, json) in schema::schemas() {
        let schema: Value = serde_json::from_str(json).unwrap();
        let about = schema["description"].as_str().unwrap_or_default();
        let _ = writeln!(text, "\n## {name}\n\n{about}\n");
        fields(&mut text, &schema);
    }
    expect_file!["../../docs/reference/events.md"].assert_eq(&page("events", &text));
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let mut lost = Vec::new();
    for page in pages() {
        let text = read(&page);
        let targets = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        let pictures = text
            .split("src=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        for target in targets.chain(pictures) {
            let path = target.split(['#', ' ']).next().unwrap();
            let is_relative = !path.is_empty() && !path.contains("://") && !path.starts_with('/');
            if is_relative && !page.with_file_name(path).exists() {
                lost.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn every_page_is_in_the_summary_and_the_readme_is_short() {
    assert!(read(root().join("README.md")).lines().count() <= 200);
    let docs = root().join("docs");
    let summary = read(docs.join("SUMMARY.md"));
    for page in files(&docs, "md") {
        let path = page.strip_prefix(&docs).unwrap().display().to_string();
        let is_listed = summary.contains(&format!("({path})"));
        let is_decision = path.starts_with("decisions/");
        assert!(
            is_listed || is_decision || path == "SUMMARY.md",
            "{path} is not in the summary"
        );
    }
}

/// A page with this as its second part.
fn page(name: &str, made: &str) -> String {
    let page = read(root().join(format!("docs/reference/{name}.md")));
    let (written, _) = page.split_once(MADE).unwrap_or((&page, ""));
    format!("{written}{MADE}{made}")
}

fn pages() -> Vec<std::path::PathBuf> {
    let top = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let top = top.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let folders = ["docs", "deploy", "examples", "bench", "migrations"];
    let below = folders
        .into_iter()
        .flat_map(|folder| files(&root().join(folder), "md"));
    top.chain(below).collect()
}

/// The fields of an object as a table.
fn fields(text: &mut String, schema: &Value) {
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    text.push_str("| field | type | meaning |\n| --- | --- | --- |\n");
    for (name, field) in properties {
        let referred = field["$ref"]
            .as_str()
            .and_then(|path| schema.pointer(path.strip_prefix('#')?));
        let whole = referred.unwrap_or(field);
        let must = if required.contains(&Value::from(name.as_str())) {
            ", required"
        } else {
            ""
        };
        let about = [field, whole].map(|it| it["description"].as_str().unwrap_or_default());
        let about = if about[0] == about[1] {
            about[0].to_owned()
        } else {
            about.join(" ")
        };
        let _ = writeln!(
            text,
            "| `{name}` | {}{must} | {} |",
            kind(whole),
            about.trim().replace('|', "\\|")
        );
    }
}

/// The type of a field, in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(names) = schema["enum"].as_array() {
        let names: Vec<_> = names
            .iter()
            .map(|name| format!("`{}`", name.as_str().unwrap_or("null")))
            .collect();
        return names.join(", ");
    }
    match &schema["type"] {
        Value::String(one) => one.clone(),
        Value::Array(several) => {
            let names: Vec<_> = several.iter().filter_map(Value::as_str).collect();
            names.join(" or ")
        }
        _ => "any".to_owned(),
    }
}
