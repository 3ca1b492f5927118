//! Rules that the compiler can't check: layers, lengths, and documentation that matches the code.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that can't go on should stop where it is"
)]

mod circles;
mod reference;
mod sample_events;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 400;

/// Each layer with the modules it may use besides itself; those that serve the edges are free.
fn layers() -> Vec<(&'static str, Vec<&'static str>)> {
    let servers = [
        "view",
        "store",
        "broker",
        "files",
        "wire",
        "telemetry",
        "domain",
    ];
    let app = [&servers[..], &["pipeline", "http"]].concat();
    let cli = [&app[..], &["app", "dev"]].concat();
    vec![
        ("domain", vec![]),
        ("wire", vec!["domain"]),
        ("store", vec!["domain"]),
        ("broker", vec![]),
        ("files", vec![]),
        ("telemetry", vec!["domain"]),
        ("config", vec![]),
        ("dev", vec![]),
        ("view", vec!["store", "wire", "domain"]),
        ("http", servers.to_vec()),
        ("pipeline", servers.to_vec()),
        ("app", app),
        ("cli", cli),
    ]
}
const SERVES_ALL: [&str; 4] = ["config", "tls", "backoff", "clock"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

/// Checks that no source below the folder contains any of these.
fn assert_absent(folder: &str, words: &[&str]) {
    for file in files(&root().join(folder), "rs") {
        let text = read(&file);
        for word in words {
            assert!(!text.contains(word), "{} contains {word}", file.display());
        }
    }
}

/// Whether a file below `src` is only built for its tests.
fn is_test(file: &Path) -> bool {
    let file = file.strip_prefix(root()).unwrap();
    file.to_str().unwrap().contains("tests")
}

#[test]
fn a_layer_uses_only_what_lies_below_it() {
    let mut breaches = Vec::new();
    for (layer, below) in layers() {
        for file in files(&root().join("src").join(layer), "rs") {
            let text = read(&file);
            for used in text.split("crate::").skip(1) {
                let name: String = used
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let known = layers().iter().any(|(layer, _)| *layer == name);
                let allowed = name == layer
                    || below.contains(&name.as_str())
                    || (SERVES_ALL.contains(&name.as_str()) && layer != "domain");
                if known && !allowed {
                    breaches.push(format!("{} uses {name}", file.display()));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn the_domain_uses_no_input_output_format_or_clock() {
    let formats = ["tokio::", "serde", "lapin::", "tracing::"];
    assert_absent("src/domain", &formats);
    assert_absent("src/domain", &["Timestamp::now", "std::fs", "std::net"]);
}

#[test]
fn every_file_is_short_and_opens_with_its_purpose() {
    let sources = files(&root().join("src"), "rs");
    for file in sources.iter().chain(&files(&root().join("tests"), "rs")) {
        let text = read(file);
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", file.display());
        assert!(text.starts_with("//!"), "{} has no purpose", file.display());
    }
}

#[test]
fn every_statement_has_a_reason_and_is_used() {
    let code: String = files(&root().join("src/store"), "rs")
        .iter()
        .map(read)
        .collect();
    for file in files(&root().join("src/store/queries"), "sql") {
        let queries = root().join("src/store/queries");
        let name = file.strip_prefix(queries).unwrap().to_str().unwrap();
        assert!(
            code.contains(&format!("queries/{name}")),
            "{name} is not used"
        );
        assert!(read(&file).starts_with("-- "), "{name} gives no reason");
    }
    for file in files(&root().join("migrations"), "sql") {
        assert!(
            read(&file).starts_with("-- Why: "),
            "{} gives no reason",
            file.display()
        );
    }
}

#[test]
fn the_image_is_built_with_every_file_that_the_program_includes() {
    let (context, recipe) = (
        read(root().join(".dockerignore")),
        read(root().join("Dockerfile")),
    );
    for file in files(&root().join("src"), "rs") {
        if is_test(&file) {
            continue;
        }
        let text = read(&file);
        for included in text.split("include_str!(").skip(1) {
            let path = included.split('"').nth(1).unwrap();
            let path = fs::canonicalize(file.with_file_name(path)).unwrap();
            let path = path.strip_prefix(root().canonicalize().unwrap()).unwrap();
            let sent = path.ancestors().any(|part| {
                let part = part.to_str().unwrap();
                context.lines().any(|line| line == format!("!{part}"))
                    && recipe.contains(&format!("\nCOPY {part} {part}\n"))
            });
            assert!(sent, "{} is not in the image", path.display());
        }
    }
}

#[test]
fn clients_are_answered_only_as_documented() {
    // Only `routes!` adds an operation to the document.
    let hidden = [".route(", ".route_service(", ".nest(", ".nest_service("];
    assert_absent("src/http/api", &hidden);
}

#[test]
fn every_lint_exception_has_a_reason() {
    assert_absent("src", &["#[allow("]);
}

#[test]
fn no_word_in_the_code_is_left_for_later() {
    let words = [["FIX", "ME"], ["TO", "DO:"], ["todo", "!("]].map(|parts| parts.concat());
    assert_absent("src", &words.each_ref().map(String::as_str));
}
