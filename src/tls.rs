//! The TLS configurations: of a client of both servers, whose certificates are always verified, and of
//! the listeners.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

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

/// Whether a host names this machine: what is sent to it crosses no network.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address: Option<IpAddr> = address.parse().ok();
    host.eq_ignore_ascii_case("localhost") || address.is_some_and(|it| it.is_loopback())
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

/// The files of a listener's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFiles {
    /// The certificate and those that lead to its authority.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The authorities of clients, if these need a certificate.
    pub client_ca: Option<PathBuf>,
}

/// Presents a certificate to clients, and demands one of theirs if there are authorities for them.
pub fn server_config(files: &ServerFiles) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let roots = Arc::new(roots(Some(ca))?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            let verifier = verifier.build().map_err(|error| unreadable(ca, &error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from_pem_file(&files.key);
    let key = key.map_err(|error| unreadable(&files.key, &error))?;
    Ok(builder.with_single_cert(certificates(&files.cert)?, key)?)
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
