//! Words and phrases that are not used, each with what is said instead: the terms of RabbitMQ's,
//! PostgreSQL's, HTTP's and Prometheus's own manuals, which a reader looks for.

use crate::{files, read, root};

/// What is not said, and what is.
const WORDS: [(&str, &str); 37] = [
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
    // Migrations stay as they were applied.
    let folders = ["src", "docs", "deploy", "examples", "scripts"];
    let endings = ["rs", "md", "sql", "js", "json", "yml", "toml", "sh", "py"];
    let paths = folders.into_iter().flat_map(|folder| {
        endings
            .map(|ending| files(&root().join(folder), ending))
            .into_iter()
            .flatten()
    });
    let mut used = Vec::new();
    for path in paths.chain([root().join("README.md"), root().join("CONTRIBUTING.md")]) {
        let text = read(&path);
        for (word, instead) in WORDS {
            if text.contains(word) {
                used.push(format!("{}: {word:?}; say {instead:?}", path.display()));
            }
        }
    }
    assert!(used.is_empty(), "{used:#?}");
}
