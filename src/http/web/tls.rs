//! TLS of a listener: its certificate is read again when its files change.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::tls::{self, ServerFiles, TlsError};

/// How often the files are checked for a change.
const CHECK_EVERY: Duration = Duration::from_secs(2);

/// The TLS configuration of a listener, as it is now.
#[derive(Debug, Clone)]
pub struct ListenerTls {
    files: ServerFiles,
    current: watch::Sender<Arc<ServerConfig>>,
}

/// When each of the files was last written.
type Versions = Vec<Option<SystemTime>>;

impl ListenerTls {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// If one of them can't be used.
    pub fn new(files: ServerFiles) -> Result<Self, TlsError> {
        let current = watch::Sender::new(Arc::new(tls::server_config(&files)?));
        Ok(Self { files, current })
    }

    pub(super) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.borrow())
    }

    /// Reads the files again whenever they have changed, until stopped. Connections that are open stay;
    /// while the new files can't be used, the certificate read before is presented.
    pub(super) async fn follow(self, stop: CancellationToken) {
        let mut known = self.versions();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(CHECK_EVERY) => {}
            }
            let versions = self.versions();
            if versions == known {
                continue;
            }
            match tls::server_config(&self.files) {
                Ok(config) => {
                    tracing::info!(file = %self.files.cert.display(), "the certificate was read again");
                    self.current.send_replace(Arc::new(config));
                    known = versions;
                }
                // One of the files may not have been replaced yet.
                Err(error) => tracing::warn!(%error, "the certificate could not be read again"),
            }
        }
    }

    fn versions(&self) -> Versions {
        let files = [&self.files.cert, &self.files.key];
        let files = files.into_iter().chain(&self.files.client_ca);
        files.map(|file| changed_at(file)).collect()
    }
}

/// Links are followed: an orchestrator replaces the target of a link.
fn changed_at(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|file| file.modified()).ok()
}
