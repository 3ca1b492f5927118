//! Finds the installed servers' programs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::DevError;

/// Debian keeps one folder per major version here, away from the PATH.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// Packages' and the official image's folders of RabbitMQ's scripts. The wrappers on the PATH are
/// no use: they change the user and the folder.
const RABBITMQ_SCRIPTS: [&str; 2] = ["/usr/lib/rabbitmq/bin", "/opt/rabbitmq/sbin"];

/// Fails with one message that names every missing package.
pub(super) fn require_all() -> Result<(), DevError> {
    match (postgres(None), rabbitmq()) {
        (Err(_), Err(_)) => Err(DevError::Missing {
            servers: "PostgreSQL and RabbitMQ servers are",
            packages: "postgresql rabbitmq-server",
        }),
        (postgres, rabbitmq) => postgres.and(rabbitmq).map(|_| ()),
    }
}

/// The folder of PostgreSQL's server programs: of the major version `version` if installed, of
/// the newest otherwise.
pub(super) fn postgres(version: Option<&str>) -> Result<PathBuf, DevError> {
    let installed = postgres_versions(Path::new(POSTGRES_VERSIONS));
    let exact = installed
        .iter()
        .find(|(found, _)| version == Some(found.to_string().as_str()));
    exact
        .or_else(|| installed.last())
        .map(|(_, folder)| folder.clone())
        .or_else(postgres_by_pg_config)
        .ok_or(DevError::Missing {
            servers: "a PostgreSQL server is",
            packages: "postgresql",
        })
}

/// The folder of RabbitMQ's scripts.
pub(super) fn rabbitmq() -> Result<PathBuf, DevError> {
    RABBITMQ_SCRIPTS
        .iter()
        .map(PathBuf::from)
        .find(|folder| folder.join("rabbitmq-server").exists())
        .ok_or(DevError::Missing {
            servers: "a RabbitMQ server is",
            packages: "rabbitmq-server",
        })
}

/// Major versions with their folders, oldest first.
fn postgres_versions(folder: &Path) -> Vec<(u32, PathBuf)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, programs)| is_postgres(programs))
        .collect();
    found.sort();
    found
}

fn postgres_by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    is_postgres(&folder).then_some(folder)
}

fn is_postgres(folder: &Path) -> bool {
    folder.join("postgres").exists() && folder.join("initdb").exists()
}
