//! Private PostgreSQL and RabbitMQ servers for `waybill dev`, the tests and the benchmark.
//!
//! They need no Docker and no running service, only the installed packages. They write only below
//! one folder, listen on 127.0.0.1 only, and end with the program that started them, however it
//! ends: each runs under a small guard (`guard.sh`) that waits for the end of a pipe that only this
//! program has open. Linux only, because it reads `/proc`.

mod account;
mod error;
mod folder;
mod guard;
mod plan;
mod ports;
mod postgres;
mod processes;
mod programs;
mod rabbitmq;

use std::path::{Path, PathBuf};

use uuid::Uuid;

pub use self::error::DevError;
pub use self::ports::listen_on_free_port;
pub use self::postgres::Postgres;
pub use self::rabbitmq::RabbitMq;

/// A PostgreSQL and a RabbitMQ server below one folder.
///
/// Dropping it stops both in the background; [`Servers::stop`] also waits for their end.
pub struct Servers {
    /// The PostgreSQL server.
    pub postgres: Postgres,
    /// The RabbitMQ server.
    pub rabbitmq: RabbitMq,
    folder: PathBuf,
}

impl Servers {
    /// Starts both servers on `folder`, which is created if it is missing, and waits until they
    /// answer. Data from an earlier start on the same folder is used again, and so are the ports
    /// if they are still free.
    ///
    /// # Errors
    ///
    /// When a package is not installed, another program uses the folder, or a server does not
    /// start.
    pub async fn start(folder: &Path) -> Result<Self, DevError> {
        Self::start_with(folder, false).await
    }

    /// Starts both servers on a new folder in the temporary directory, which is removed when they
    /// have ended, also when this program is killed.
    ///
    /// # Errors
    ///
    /// As [`Servers::start`].
    pub async fn start_temporary() -> Result<Self, DevError> {
        let name = format!("waybill-dev-{}", Uuid::new_v4().simple());
        let folder = std::env::temp_dir().join(name);
        let servers = Self::start_with(&folder, true).await;
        if servers.is_err() {
            // The started servers have ended, and their guards have removed their folders.
            let _ = std::fs::remove_dir_all(&folder);
        }
        servers
    }

    /// The folder that the servers write to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops both servers cleanly and waits for their end.
    ///
    /// # Errors
    ///
    /// When a server is still running after a signal to stop and a kill.
    pub async fn stop(self) -> Result<(), DevError> {
        let (postgres, rabbitmq) = tokio::join!(self.postgres.stop(), self.rabbitmq.stop());
        postgres.and(rabbitmq)
    }

    async fn start_with(folder: &Path, temporary: bool) -> Result<Self, DevError> {
        programs::require_all()?;
        let folder = folder::create(folder)?;
        // Both run to completion: a start that is dropped half-way would still lock the folder.
        match tokio::join!(
            Postgres::start_with(&folder, temporary),
            RabbitMq::start_with(&folder, temporary),
        ) {
            (Ok(postgres), Ok(rabbitmq)) => Ok(Self {
                postgres,
                rabbitmq,
                folder,
            }),
            (Err(error), Ok(rabbitmq)) => {
                // The first fault is the one to report.
                let _ = rabbitmq.stop().await;
                Err(error)
            }
            (Ok(postgres), Err(error)) => {
                let _ = postgres.stop().await;
                Err(error)
            }
            (Err(error), Err(_)) => Err(error),
        }
    }
}

/// Starts a server, and retries once if another program now uses its port, which was free when it
/// was chosen.
async fn start_twice<S>(start: impl AsyncFn() -> Result<S, DevError>) -> Result<S, DevError> {
    match start().await {
        Err(DevError::PortInUse { .. }) => start().await,
        result => result,
    }
}
