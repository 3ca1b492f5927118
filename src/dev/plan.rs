//! How a server is run; the guard runs it.

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
    /// Its working directory.
    pub(super) home: PathBuf,
    /// The user it runs as.
    pub(super) account: Account,
    /// Its program and arguments.
    pub(super) command: Vec<OsString>,
    /// Its whole environment besides `PATH` and `LANG`.
    pub(super) environment: Vec<(&'static str, OsString)>,
    /// The signal that stops it cleanly.
    pub(super) stop_signal: &'static str,
    /// How long it may take to do so before it is killed.
    pub(super) patience: Duration,
    /// Whether its folder is removed at the end.
    pub(super) temporary: bool,
    /// A secret that must not appear in an error message.
    pub(super) secret: Option<String>,
    /// The ports it will listen on.
    pub(super) ports: Vec<u16>,
}

impl Plan {
    /// A plan with the defaults of all servers.
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
