//! Why a private server could not be used, in one line with the remedy.

use std::{
    io,
    path::{Path, PathBuf},
};

/// An error of a private server. Never contains a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevError {
    /// A server's package is not installed.
    #[error("{servers} needed: sudo apt-get install {packages}")]
    Missing {
        /// The servers, with their verb.
        servers: &'static str,
        /// Debian's names of their packages.
        packages: &'static str,
    },
    /// Root can't run the servers, so their own user is needed.
    #[error("root needs a user {user} to run the server as, and this machine has none")]
    NoAccount {
        /// The user's name.
        user: &'static str,
    },
    /// The server's user can't access its folder.
    #[error("user {user} may not enter {}: choose another folder, or chmod o+x it", folder.display())]
    Closed {
        /// The user the server would run as.
        user: &'static str,
        /// The folder on the path that it may not enter.
        folder: PathBuf,
    },
    /// Another program runs a server on this folder.
    #[error("{} is in use by process {pid}", folder.display())]
    InUse {
        /// The server's folder.
        folder: PathBuf,
        /// The process that started the server.
        pid: u32,
    },
    /// The server ended or did not answer in time.
    #[error("{server} did not start; the end of {}:\n{tail}", log.display())]
    NotStarted {
        /// The server's name.
        server: &'static str,
        /// Its log file.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// Another program listens on the server's port.
    #[error("{server} did not start: another program listens on its port {port}")]
    PortInUse {
        /// The server's name.
        server: &'static str,
        /// The port on 127.0.0.1.
        port: u16,
    },
    /// The server did not end even after a kill.
    #[error("{server} did not end (process {pid})")]
    NotEnded {
        /// The server's name.
        server: &'static str,
        /// Its process.
        pid: u32,
    },
    /// `rabbitmqctl` failed.
    #[error("rabbitmqctl {command} failed: {output}")]
    Ctl {
        /// Its first argument.
        command: String,
        /// Its output.
        output: String,
    },
    /// A file or folder could not be used.
    #[error("could not {action} {}: {source}", path.display())]
    File {
        /// The operation.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A program could not be run.
    #[error("could not run {program}: {source}")]
    Run {
        /// The program's name.
        program: &'static str,
        /// Why it failed.
        source: io::Error,
    },
}

impl DevError {
    /// A file or folder could not be used.
    pub(super) fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
