//! The file store: a local folder, or an object store such as S3, behind one interface.
//!
//! The database has a file's name and process; here it is a path and bytes.

mod compared;

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::absolute;
use std::sync::Arc;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, parse_url_opts};
use ring::digest::{Context, SHA256};
use tokio::io::AsyncWriteExt;
use url::Url;
use uuid::Uuid;

pub use bytes::Bytes;

use self::compared::compared;

/// The size of a part; the minimum for a multipart upload to S3.
const PART_BYTES: usize = 5 << 20;
/// Parts of one file that are uploaded at the same time.
const PARTS_AT_ONCE: usize = 1;

/// Why a file can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The setting is neither a folder nor a supported URL.
    #[error("files.url is no folder and no URL of an object store: {0}")]
    Settings(String),
    /// The file is missing.
    #[error("the file is not in the store")]
    Missing,
    /// Its end could not be written.
    #[error("the file store failed: {0}")]
    Write(#[source] io::Error),
    /// The store failed.
    #[error("the file store failed: {0}")]
    Store(#[source] object_store::Error),
    /// Its contents are not those that were stored.
    #[error("the contents of the file {0} have changed since it was stored: restore its object")]
    Changed(FilePath),
}

/// The file store.
#[derive(Debug, Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
}

/// The path of a file's object: its process and an id of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilePath {
    /// The process it belongs to.
    pub process: Uuid,
    /// The object's id in the process.
    pub object: Uuid,
}

/// A stored file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Bytes.
    pub size: u64,
    /// The digest of the bytes, in hexadecimal.
    pub sha256: String,
}

/// A file while it is written; if dropped before its end, it does not exist.
pub struct Writing {
    writer: BufWriter,
    digest: Digesting,
}

/// Bytes while they are counted and hashed.
pub struct Digesting {
    digest: Context,
    size: u64,
}

impl Files {
    /// Opens the store at a folder or URL; `credentials` are its settings from the environment.
    ///
    /// # Errors
    ///
    /// If that kind of store is not supported.
    pub fn open(place: &str, credentials: Vec<(String, String)>) -> Result<Self, FilesError> {
        let wrong = |why: &dyn ToString| FilesError::Settings(why.to_string());
        let url = match place.contains("://") {
            true => Url::parse(place).map_err(|error| wrong(&error))?,
            false => folder(place).map_err(|error| wrong(&error.kind()))?,
        };
        let (store, prefix) = parse_url_opts(&url, credentials).map_err(|error| wrong(&error))?;
        let store = Arc::new(PrefixStore::new(store, prefix));
        Ok(Self { store })
    }

    /// Begins a file; it replaces an earlier one once it is finished.
    #[must_use]
    pub fn write(&self, path: FilePath) -> Writing {
        let store = Arc::clone(&self.store);
        let writer = BufWriter::with_capacity(store, path.object(), PART_BYTES);
        Writing {
            writer: writer.with_max_concurrency(PARTS_AT_ONCE),
            digest: Digesting::default(),
        }
    }

    /// The contents of a file, compared with what was stored: their last part comes only if they are
    /// the same, and otherwise an error.
    ///
    /// # Errors
    ///
    /// If it is missing, or the store fails.
    pub async fn read(
        &self,
        path: FilePath,
        stored: StoredFile,
    ) -> Result<BoxStream<'static, Result<Bytes, FilesError>>, FilesError> {
        let contents = self.read_part(path, 0..stored.size).await?;
        Ok(compared(contents, path, stored).boxed())
    }

    /// A part of the contents of a file, which is not compared with anything.
    ///
    /// # Errors
    ///
    /// If it is missing, or the store fails.
    pub async fn read_part(
        &self,
        path: FilePath,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, FilesError>>, FilesError> {
        // The store rejects an empty range.
        if range.is_empty() {
            return Ok(Box::pin(futures_util::stream::empty()));
        }
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let found = self.store.get_opts(&path.object(), options).await;
        let contents = found.map_err(FilesError::from)?.into_stream();
        Ok(contents.map_err(FilesError::from).boxed())
    }

    /// Removes a file; succeeds if it is missing.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn remove(&self, path: FilePath) -> Result<(), FilesError> {
        match self
            .store
            .delete(&path.object())
            .await
            .map_err(FilesError::from)
        {
            Ok(()) | Err(FilesError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Writing {
    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn add(&mut self, bytes: Bytes) -> Result<(), FilesError> {
        self.digest.add(&bytes);
        self.writer.put(bytes).await.map_err(FilesError::from)
    }

    /// Finishes the file.
    ///
    /// # Errors
    ///
    /// If the store fails; then the file may exist or not.
    pub async fn finish(mut self) -> Result<StoredFile, FilesError> {
        let finished = self.writer.shutdown().await;
        finished.map_err(FilesError::Write)?;
        Ok(self.digest.finish())
    }

    /// Abandons the file.
    pub async fn abort(mut self) {
        // The store's own lifecycle rules remove leftovers.
        let _ = self.writer.abort().await;
    }
}

impl Digesting {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.digest.update(bytes);
    }

    /// The size and digest of the bytes.
    #[must_use]
    pub fn finish(self) -> StoredFile {
        let digest = self.digest.finish();
        let hex = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
        StoredFile {
            size: self.size,
            sha256: hex.collect(),
        }
    }
}

impl Default for Digesting {
    fn default() -> Self {
        Self {
            digest: Context::new(&SHA256),
            size: 0,
        }
    }
}

impl FilePath {
    fn object(self) -> Path {
        Path::from_iter([self.process.to_string(), self.object.to_string()])
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.object())
    }
}

impl From<object_store::Error> for FilesError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            other => Self::Store(other),
        }
    }
}

/// A folder as a URL; it is created with the first file.
fn folder(place: &str) -> io::Result<Url> {
    let folder = absolute(place)?;
    Url::from_directory_path(folder).map_err(|()| io::ErrorKind::InvalidInput.into())
}
