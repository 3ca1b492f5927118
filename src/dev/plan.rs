//! What a server is run with. Running it is left to the guard.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use super::account::Account;

/// What to run and how to end it.
pub(super) struct Plan {
    /// The server's name, also of its log and lock.
    pub(super) name: &'static str,
    /// Its folder, in which it runs.
    pub(super) home: PathBuf,
    /// Whom it runs as.
    pub(super) account: Account,
    /// Its program and arguments.
    pub(super) command: Vec<OsString>,
    /// Its whole environment besides `PATH` and `LANG`.
    pub(super) environment: Vec<(&'static str, OsString)>,
    /// What makes it end cleanly.
    pub(super) stop_signal: &'static str,
    /// How long it may take to do so before it is killed.
    pub(super) patience: Duration,
    /// Whether its folder is removed at the end.
    pub(super) temporary: bool,
    /// What must not get into an error message.
    pub(super) secret: Option<String>,
    /// The ports it will listen on.
    pub(super) ports: Vec<u16>,
}

impl Plan {
    /// What a server in this folder has in common with any other.
    pub(super) fn new(
        name: &'static str,
        home: &Path,
        account: Account,
        patience: Duration,
    ) -> Self {
        Self {
            name,
            home: home.to_owned(),
            account,
            command: Vec::new(),
            environment: Vec::new(),
            stop_signal: "TERM",
            patience,
            temporary: false,
            secret: None,
            ports: Vec::new(),
        }
    }

    /// The lock of a server in its folder.
    pub(super) fn lock(&self) -> PathBuf {
        self.home.join(format!("{}.lock", self.name))
    }

    /// The log of a server in its folder.
    pub(super) fn log(&self) -> PathBuf {
        self.home.join(format!("{}.log", self.name))
    }
}
