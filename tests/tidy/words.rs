//! Words and phrases that are not used, each with the one to use: the terms of RabbitMQ's,
//! PostgreSQL's, HTTP's and Prometheus's own manuals, which a reader looks for.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::{files, read, root};

/// Single words, also as parts of names; `letter` is fine behind `dead`.
const WORDS: [(&str, &str); 42] = [
    ("letter", "dead letter"),
    ("letters", "dead letters"),
    ("ask", "query, request"),
    ("asks", "query, request"),
    ("asked", "requested"),
    ("asking", "request"),
    ("wish", "query, options"),
    ("wishes", "queries, options"),
    ("wanted", "requested, expected"),
    ("trouble", "error, problem"),
    ("troubles", "errors, problems"),
    ("mend", "fix, repair"),
    ("mends", "fixes, repairs"),
    ("mended", "fixed, repaired"),
    ("stands", "is, status, current stage"),
    ("stood", "was"),
    ("whoever", "the client, the producer, the reader"),
    ("nobody", "no client, no producer, no reader"),
    ("somebody", "a client, an operator"),
    ("anew", "again"),
    ("dear", "expensive"),
    ("hear", "receive, notice"),
    ("hears", "receives, notices"),
    ("heard", "received"),
    ("speak", "mention"),
    ("speaks", "mentions"),
    ("spoken", "mentioned"),
    ("tell", "report, say"),
    ("tells", "reports, says"),
    ("told", "reported"),
    ("held", "pending, unacknowledged, kept"),
    ("taken", "received, claimed, accepted"),
    ("fate", "outcome"),
    ("fates", "outcomes"),
    ("lack", "miss"),
    ("lacks", "has no"),
    ("lacking", "missing"),
    ("news", "notification"),
    ("unmake", "delete"),
    ("foresee", "predict"),
    ("foresees", "predicts"),
    ("letterbox", "queue"),
];

/// Names that stay: columns, members of JSON, and what others have configured.
const NAMES: [&str; 9] = [
    "asked_at",
    "asked_by",
    "at_letter",
    "end_letter",
    "stands_at",
    "FeedHeldBack",
    "ASCII letters",
    "letters `a` to `z`",
    "letters, digits",
];

/// Files in which a word means something else, or names a column.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("src/store/queries/admin/", "letter"),
    ("src/store/queries/admin/", "letters"),
    ("src/store/queries/admin/", "trouble"),
    ("src/http/ui/replays/", "letter"),
];

/// Phrases.
const PHRASES: [(&str, &str); 37] = [
    ("nobody has spoken of", "no events for … yet"),
    ("spoken of yet", "has no events yet"),
    ("is not Waybill's way", "unexpected response"),
    ("of unknown fate", "unconfirmed"),
    ("can't be asked just now", "temporarily unavailable"),
    (
        "too much to go through again",
        "event log too long to replay",
    ),
    ("kind of body is not taken", "unsupported media type"),
    (
        "no whole multipart",
        "malformed or truncated multipart body",
    ),
    ("told apart by every letter", "tokens must match exactly"),
    ("stands nowhere", "finished"),
    ("It asks for nothing", "no fields"),
    ("aken by no queue", "unroutable"),
    ("no queue wants", "unroutable"),
    ("retention has let go", "deleted expired processes"),
    ("stopping by force", "forced shutdown"),
    ("dear to make", "expensive"),
    ("cheap to make", "inexpensive"),
    ("by day and by night", "light and dark"),
    ("in a hand", "phone"),
    ("Processes of today", "today's processes"),
    ("\"Heard of\"", "first seen"),
    ("Nothing here.", "no processes match these filters"),
    ("There is nothing of that name", "not found"),
    ("a value it can't have", "invalid"),
    ("The same for programs", "API documentation"),
    ("It stands at", "waiting at"),
    ("stands here", "current"),
    ("Mend the producer", "fix the producer"),
    ("etters a second", "dead letters per second"),
    ("as fast as confirmed", "no limit"),
    ("Letters then", "dead letters at start"),
    ("\"What would become of them\"", "expected result"),
    ("is here as a new letter", "none were refused again so far"),
    ("wait for somebody\"", "need attention"),
    ("all running Waybills", "all running instances"),
    ("not live any more", "live updates stopped"),
    ("who asks shows a key", "authenticate with an API key"),
];

#[test]
fn no_word_is_used_that_only_we_would_use() {
    assert!(NAMES.len() + EXCEPTIONS.len() <= 20);
    let words = HashMap::from(WORDS);
    let mut used = Vec::new();
    for path in texts() {
        let text = NAMES
            .iter()
            .fold(read(&path), |text, name| text.replace(name, ""));
        let shown = path.display().to_string();
        for (phrase, instead) in PHRASES {
            if text.contains(phrase) {
                used.push(format!("{shown}: {phrase:?}; use {instead:?}"));
            }
        }
        let mut before = String::new();
        for (line, word) in words_of(&text) {
            let is_excepted =
                |(file, except): &(&str, &str)| shown.contains(file) && word == *except;
            if let Some(instead) = words.get(word.as_str())
                && !(word.starts_with("letter") && before == "dead")
                && !EXCEPTIONS.iter().any(is_excepted)
            {
                used.push(format!("{shown}:{line}: {word:?}; use {instead:?}"));
            }
            before = word;
        }
    }
    assert!(used.is_empty(), "{used:#?}");
}

/// Everything that is written by hand. Migrations stay as they were applied.
fn texts() -> Vec<PathBuf> {
    let folders = [
        "src", "tests", "bench", "docs", "deploy", "examples", "scripts",
    ];
    let endings = ["rs", "md", "sql", "js", "json", "yml", "toml", "sh", "py"];
    let paths = folders.into_iter().flat_map(|folder| {
        let of_ending = endings.map(|ending| files(&root().join(folder), ending));
        of_ending.into_iter().flatten()
    });
    let paths = paths.filter(|path| !path.ends_with("tests/tidy/words.rs"));
    let own = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];
    paths.chain(own.map(|name| root().join(name))).collect()
}

/// The words of a text in lower case, those of names in `snake_case` and `CamelCase` too, each with
/// its line.
fn words_of(text: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    for (line, text) in text.lines().enumerate() {
        let mut word = String::new();
        let mut was_lower = false;
        for character in text.chars().chain([' ']) {
            let begins = character.is_ascii_uppercase() && was_lower;
            if (begins || !character.is_ascii_alphabetic()) && !word.is_empty() {
                words.push((line + 1, std::mem::take(&mut word)));
            }
            was_lower = character.is_ascii_lowercase();
            if character.is_ascii_alphabetic() {
                word.push(character.to_ascii_lowercase());
            }
        }
    }
    words
}
