//! Prompts for a confirmation of what can't be undone.

use std::io::{BufRead, IsTerminal, Write};

use super::failure::Failure;

/// Prompts on the terminal; without one it fails, naming the flag `--yes`.
pub(super) fn confirmed(what: &str, question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Usage(format!(
            "{what} can't be undone: confirm it with --yes (the standard input is no terminal)"
        )));
    }
    let mut out = std::io::stderr().lock();
    write!(out, "{question} [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
