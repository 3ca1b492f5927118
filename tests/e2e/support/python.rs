//! Clients that are written in Python.

use std::process::Command;

/// A Python that has a module: the user's, or the distribution's.
pub(crate) fn python(module: &str) -> &'static str {
    let knows = |python: &&str| {
        let import = ["-c", &format!("import {module}")];
        let output = Command::new(python).args(import).output();
        output.is_ok_and(|output| output.status.success())
    };
    let mut pythons = ["python3", "/usr/bin/python3"].into_iter();
    let found = pythons.find(knows);
    found.unwrap_or_else(|| panic!("no Python knows {module}: `scripts/needs test` installs it"))
}
