//! The API key of a data folder: created once and kept beside the servers' data, which have its
//! hash.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use secrecy::ExposeSecret;

use crate::domain::DEFAULT_TENANT;
use crate::domain::access::{Access, Scope};
use crate::store::Store;
use crate::store::admin::api_key::{KeyState, NewKey};

const FILE: &str = "api_key";

/// The key in the folder if it is still valid, else a new one.
pub(super) async fn of_folder(folder: &Path, store: &Store) -> anyhow::Result<String> {
    let file = folder.join(FILE);
    let stored = match std::fs::read_to_string(&file) {
        Ok(stored) => stored.trim().to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(error).with_context(|| format!("could not read {}", file.display()));
        }
    };
    let found = store.find_key(&stored).await?;
    if found.is_some_and(|found| found.state == KeyState::Valid) {
        return Ok(stored);
    }
    let created = store.create_key(&new()).await?;
    let text = created.text.expose_secret();
    write(&file, text).with_context(|| format!("could not write {}", file.display()))?;
    Ok(text.to_owned())
}

fn new() -> NewKey {
    NewKey {
        name: "waybill dev".to_owned(),
        access: Access {
            tenant: DEFAULT_TENANT.to_owned(),
            scopes: vec![Scope::Admin],
        },
        expires_after: None,
    }
}

/// Writes the file so that no other user can read it.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    writeln!(options.open(file)?, "{text}")
}
