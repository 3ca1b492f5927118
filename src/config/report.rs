//! Reports of settings: the effective ones of a run, and the table of the documentation.

use std::fmt::{self, Write};

use super::fault::Origin;
use super::sources::FoundValue;
use super::{SETTINGS, Setting};

/// The placeholder for a secret.
const REDACTED: &str = "[redacted]";

/// One effective setting of this run, with secrets redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Its name.
    pub key: &'static str,
    /// Its value as written, or a placeholder for a secret.
    pub value: String,
    /// Where the value came from.
    pub origin: Origin,
}

impl Effective {
    pub(super) fn new(setting: &Setting, given: Option<&FoundValue>) -> Self {
        let written = given.map_or(setting.default, |found| found.text.trim());
        let value = if setting.is_secret() {
            REDACTED
        } else {
            written
        };
        Self {
            key: setting.key,
            value: value.to_owned(),
            origin: given.map_or(Origin::Default, |found| found.origin.clone()),
        }
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}  ({})", self.key, self.value, self.origin)
    }
}

/// The table of settings in the documentation, as Markdown.
#[must_use]
pub fn settings_table() -> String {
    let mut table = String::from(
        "| variable | default | allowed | meaning |
| --- | --- | --- | --- |\n",
    );
    for setting in SETTINGS.iter().filter(|setting| !setting.is_hidden()) {
        let _ = writeln!(
            table,
            "| `{}` | `{}` | {} | {} |",
            setting.variable,
            setting.default,
            setting.kind.range(),
            setting.doc
        );
    }
    table
}
