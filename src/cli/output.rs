//! What people read on standard output.
use std::io::Write;

/// Writes one line; a reader that has gone is a quiet end.
pub fn line(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")
}
