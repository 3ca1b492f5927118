//! The doctor's check of the file store: whether a file can be written, read and removed.

use std::path::{Path, PathBuf, absolute};
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::time::timeout;
use uuid::Uuid;

use super::finding::Finding;
use crate::config::{Settings, cloud_credentials};
use crate::files::{Bytes, FilePath, Files, FilesError};

const ABOUT: &str = "files";
/// Ample for any store that can be reached.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONTENT: Bytes = Bytes::from_static(b"written by waybill doctor");
/// The process id of the test file, which belongs to no process.
const NO_PROCESS: Uuid = Uuid::nil();

const FOLDER: &str = "let this user write to the folder, or set files.url; only the roles api and \
                      janitor need it";
const CLOUD: &str = "check files.url and the variables AWS_…, AZURE_… or GOOGLE_…; only the roles \
                     api and janitor need it";

/// What could not be done with a file, and why.
type ProbeError = (&'static str, FilesError);

/// Everything about the file store. Removes the file and the folders that it creates.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let url = &settings.files.url;
    let folder = folder(url);
    let created = folder.as_deref().map(missing).unwrap_or_default();
    let shown = folder.map_or_else(|| url.clone(), |folder| folder.display().to_string());
    let remedy = if url.contains("://") { CLOUD } else { FOLDER };
    let files = Files::open(url, cloud_credentials());
    let result = match files {
        Err(error) => Err(error.to_string()),
        Ok(files) => match timeout(TIMEOUT, probe(&files)).await {
            Err(_) => Err(format!(
                "{shown}: no response within {} s",
                TIMEOUT.as_secs()
            )),
            Ok(Err((what, error))) => Err(format!("{shown}: a file can't be {what}: {error}")),
            Ok(Ok(())) => Ok(format!("{shown}: files can be written, read and removed")),
        },
    };
    for folder in created {
        // Fails if the folder is in use by now.
        let _ = std::fs::remove_dir(folder);
    }
    vec![match result {
        Ok(message) => Finding::ok(ABOUT, message),
        Err(message) => Finding::fail(ABOUT, message).remedy(remedy.to_owned()),
    }]
}

/// Writes a file, reads it and removes it.
async fn probe(files: &Files) -> Result<(), ProbeError> {
    let path = FilePath {
        process: NO_PROCESS,
        object: Uuid::new_v4(),
    };
    write(files, path)
        .await
        .map_err(|error| ("written", error))?;
    let read = read(files, path).await;
    let removed = files.remove(path).await;
    read.map_err(|error| ("read", error))?;
    removed.map_err(|error| ("removed", error))
}

async fn write(files: &Files, path: FilePath) -> Result<(), FilesError> {
    let mut writing = files.write(path);
    writing.add(CONTENT).await?;
    writing.finish().await.map(|_| ())
}

async fn read(files: &Files, path: FilePath) -> Result<(), FilesError> {
    let parts = files.read_part(path, 0..CONTENT.len() as u64).await?;
    let parts: Vec<Bytes> = parts.try_collect().await?;
    match parts.concat() == CONTENT {
        true => Ok(()),
        // The content is not what was written.
        false => Err(FilesError::Missing),
    }
}

/// The folder, if files are kept in one.
fn folder(url: &str) -> Option<PathBuf> {
    if url.contains("://") {
        return None;
    }
    absolute(url).ok()
}

/// The folders that writing a first file creates, the innermost first.
fn missing(folder: &Path) -> Vec<PathBuf> {
    let inner = folder.join(NO_PROCESS.to_string());
    let missing = inner.ancestors().take_while(|folder| !folder.exists());
    missing.map(Path::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::Style;
    use crate::config;

    async fn examined(url: &str) -> String {
        let settings = [
            "database.url=postgres://localhost/none".to_owned(),
            "broker.url=amqp://localhost".to_owned(),
            format!("files.url={url}"),
        ];
        let none = std::iter::empty::<(String, String)>();
        let settings = config::load(None, none, &settings).unwrap().settings;
        let findings = examine(&settings).await;
        let lines = findings.iter().map(|finding| finding.render(Style::PLAIN));
        lines.collect()
    }

    #[tokio::test]
    async fn a_folder_is_as_it_was_after_a_file_was_written_read_and_removed() {
        let outer = std::env::temp_dir().join(format!("waybill-doctor-{}", Uuid::new_v4()));
        let folder = outer.join("made/for/files");
        let place = folder.to_str().unwrap();
        let ok = format!("ok    files     {place}: files can be written, read and removed");
        assert_eq!(examined(place).await, ok);
        assert!(!outer.exists());
        std::fs::create_dir_all(&folder).unwrap();
        assert_eq!(examined(place).await, ok);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);

        std::fs::write(outer.join("file"), "").unwrap();
        let below = outer.join("file/below");
        let fail = examined(below.to_str().unwrap()).await;
        let start = format!(
            "FAIL  files     {}: a file can't be written: ",
            below.display()
        );
        assert!(fail.starts_with(&start), "{fail}");
        assert!(
            fail.ends_with("only the roles api and janitor need it"),
            "{fail}"
        );
        std::fs::remove_dir_all(&outer).unwrap();
        let fail = examined("ftp://nowhere/").await;
        assert!(fail.contains("files.url is no folder and no URL"), "{fail}");
    }
}
