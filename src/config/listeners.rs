//! The files of the listeners' certificates.

use std::path::PathBuf;

use super::sections::{HttpSettings, OpsSettings};
use crate::tls::ServerFiles;

impl HttpSettings {
    /// The files for TLS, if there are any.
    #[must_use]
    pub fn tls(&self) -> Option<ServerFiles> {
        files([&self.cert_file, &self.key_file, &self.client_ca_file])
    }
}

impl OpsSettings {
    /// The files for TLS, if there are any.
    #[must_use]
    pub fn tls(&self) -> Option<ServerFiles> {
        files([&self.cert_file, &self.key_file, &self.client_ca_file])
    }
}

fn files([cert, key, client_ca]: [&Option<PathBuf>; 3]) -> Option<ServerFiles> {
    Some(ServerFiles {
        cert: cert.clone()?,
        key: key.clone()?,
        client_ca: client_ca.clone(),
    })
}
