//! The files in a server's folder besides its data and its ports: its lock and its secrets.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::DevError;
use super::account::{Account, is_root};

/// How long to wait for a folder whose program has died but whose server is still stopping.
const ENDING_MAX: Duration = Duration::from_secs(25);

/// The right to run one server. The server inherits it as an open file, so that it lasts exactly as
/// long as the last of the server's processes.
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Acquires the lock, or returns which process has it.
    pub(super) async fn acquire(path: &Path) -> Result<Self, DevError> {
        let deadline = Instant::now() + ENDING_MAX;
        loop {
            if let Some(lock) = Self::try_acquire(path)? {
                return Ok(lock);
            }
            let pid = owner(path);
            if exists(pid) || Instant::now() >= deadline {
                let folder = path.parent().unwrap_or(path).to_owned();
                return Err(DevError::InUse { folder, pid });
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Acquires the lock once the server that has it is gone; `None` if it isn't in time.
    pub(super) async fn acquire_when_free(
        path: &Path,
        limit: Duration,
    ) -> Result<Option<Self>, DevError> {
        let deadline = Instant::now() + limit;
        loop {
            let lock = Self::try_acquire(path)?;
            if lock.is_some() || Instant::now() >= deadline {
                return Ok(lock);
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn try_acquire(path: &Path) -> Result<Option<Self>, DevError> {
        let fault = |source| DevError::file("lock", path, source);
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(fault)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).map_err(fault)?;
                writeln!(file, "{}", std::process::id()).map_err(fault)?;
                Ok(Some(Self { file }))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(fault(source)),
        }
    }
}

impl From<Lock> for Stdio {
    fn from(lock: Lock) -> Self {
        lock.file.into()
    }
}

/// Creates the folder if it is missing and returns its absolute path.
pub(super) fn create(folder: &Path) -> Result<PathBuf, DevError> {
    // If run by root, the servers' own users need access to their private folders below.
    let mode = if is_root() { 0o711 } else { 0o700 };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(folder)
        .and_then(|()| fs::canonicalize(folder))
        .map_err(|source| DevError::file("create", folder, source))
}

/// Creates the folder of one server, for its user alone.
pub(super) fn create_home(
    folder: &Path,
    name: &str,
    account: Account,
) -> Result<PathBuf, DevError> {
    account.require_way_to(folder)?;
    let home = folder.join(name);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&home)
        .and_then(|()| account.own(&home))
        .map_err(|source| DevError::file("create", &home, source))?;
    Ok(home)
}

/// Writes a file that only the server's user (and root) may read.
pub(super) fn write_private(path: &Path, text: &str, account: Account) -> Result<(), DevError> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        account.own(path)
    };
    write().map_err(|source| DevError::file("write", path, source))
}

/// The secret stored in a file; a new random one the first time.
pub(super) fn secret(path: &Path, account: Account) -> Result<String, DevError> {
    match fs::read_to_string(path) {
        Ok(kept) if !kept.trim().is_empty() => return Ok(kept.trim().to_owned()),
        Ok(_) => {}
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(DevError::file("read", path, source)),
    }
    let secret = Uuid::new_v4().simple().to_string();
    write_private(path, &format!("{secret}\n"), account)?;
    Ok(secret)
}

/// The process id in a lock file; 0 if it can't be read.
fn owner(path: &Path) -> u32 {
    fs::read_to_string(path)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0)
}

fn exists(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}
