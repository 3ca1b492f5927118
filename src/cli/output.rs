//! The only place that prints: lines on the standard output, colours only on a terminal.

use std::borrow::Borrow;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::escape;

/// Writes text, and a line feed if it does not end with one.
///
/// # Errors
///
/// When it can't be written; a broken pipe means that the reader has gone.
pub fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Writes one line to the standard error: a remark beside the output.
///
/// # Errors
///
/// When it can't be written.
pub fn remark(text: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "{text}")
}

/// Writes a value as JSON, indented.
///
/// # Errors
///
/// When it can't be written.
pub fn json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    line(&escape::json(&text))
}

/// The names with their counts in one line, without those of which there are none.
pub(super) fn counts(counts: impl IntoIterator<Item = (impl Display, impl Borrow<u64>)>) -> String {
    let counts = counts.into_iter().filter(|(_, count)| *count.borrow() > 0);
    let counts = counts.map(|(name, count)| format!("{name} {}", count.borrow()));
    counts.collect::<Vec<_>>().join(", ")
}

/// The first names in one line, and how many more there are.
pub(super) fn some(names: impl IntoIterator<Item = String>, max: usize) -> String {
    let mut names = names.into_iter();
    let listed: Vec<_> = names.by_ref().take(max).collect();
    match names.count() {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}

/// How text is emphasised: not at all, or with colours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    colours: bool,
}

impl Style {
    /// No colours.
    #[cfg(test)]
    pub(super) const PLAIN: Self = Self { colours: false };

    /// Colours if the standard output is a terminal that has them and `NO_COLOR` is not set.
    pub(super) fn of_stdout() -> Self {
        let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let dumb = given("TERM").is_none_or(|term| term == "dumb");
        Self {
            colours: io::stdout().is_terminal() && given("NO_COLOR").is_none() && !dumb,
        }
    }

    /// Success.
    pub(super) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// A warning.
    pub(super) fn warning(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// A failure.
    pub(super) fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// A heading or a name.
    pub(super) fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
