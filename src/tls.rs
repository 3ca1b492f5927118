//! The TLS client configuration for both servers; certificates are always verified.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// Why the TLS configuration failed.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that can't be read as PEM.
    #[error("the file {path} cannot be used: {reason}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A certificate without its key, or a key without its certificate.
    #[error("a client certificate needs both its certificate file and its key file")]
    HalfIdentity,
    /// The machine has no trusted roots.
    #[error("the system has no trusted certificates; install ca-certificates or name a CA file")]
    NoRoots,
    /// The TLS library refused the configuration.
    #[error("{0}")]
    Rustls(#[from] rustls::Error),
}

/// Installs ring as the default crypto provider; only the first call has an effect.
pub fn install() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Trusts the CA file, or the system's roots; presents the client's certificate if there is one.
pub fn client_config(
    ca_file: Option<&Path>,
    cert_file: Option<&Path>,
    key_file: Option<&Path>,
) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(ca_file)?);
    match (cert_file, key_file) {
        (None, None) => Ok(builder.with_no_client_auth()),
        (Some(cert), Some(key)) => {
            let key_der = PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable(key, &e))?;
            Ok(builder.with_client_auth_cert(certificates(cert)?, key_der)?)
        }
        (Some(_), None) | (None, Some(_)) => Err(TlsError::HalfIdentity),
    }
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let certificates = match ca_file {
        Some(path) => certificates(path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    roots.add_parsable_certificates(certificates);
    if roots.is_empty() {
        return Err(TlsError::NoRoots);
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(path, &error))?;
    if found.is_empty() {
        return Err(unreadable(
            path,
            &"it contains no certificate in PEM format",
        ));
    }
    Ok(found)
}

fn unreadable(path: &Path, error: &impl std::fmt::Display) -> TlsError {
    TlsError::File {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
