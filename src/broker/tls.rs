//! The TLS side of a broker connection: which certificates are trusted and which one is shown.

use std::{path::Path, sync::Arc};

use lapin::uri::{AMQPScheme, AMQPUri};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::BrokerError;
use crate::config::BrokerSettings;

/// The TLS configuration that the address asks for; `None` for a plain `amqp://` address.
///
/// An own authority replaces the system's authorities instead of joining them: who names one
/// means that one.
pub(super) async fn client_config(
    settings: &BrokerSettings,
    uri: &AMQPUri,
) -> Result<Option<Arc<ClientConfig>>, BrokerError> {
    if uri.scheme == AMQPScheme::AMQP {
        return refuse_unused_files(settings).map(|()| None);
    }
    let roots = match &settings.ca_file {
        Some(path) => own_roots(path).await?,
        None => system_roots()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| BrokerError::Tls(error.to_string()))?
        .with_root_certificates(roots);
    let config = match (&settings.cert_file, &settings.key_file) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => builder
            .with_client_auth_cert(certificates(cert).await?, private_key(key).await?)
            .map_err(|error| unusable(cert, &error))?,
        (Some(_), None) | (None, Some(_)) => {
            return Err(BrokerError::Settings(
                "a client certificate for the broker needs both its certificate file and its key \
                 file"
                    .to_owned(),
            ));
        }
    };
    Ok(Some(Arc::new(config)))
}

/// Certificates beside a plain address mean that someone believes the connection is encrypted.
fn refuse_unused_files(settings: &BrokerSettings) -> Result<(), BrokerError> {
    let files = [&settings.ca_file, &settings.cert_file, &settings.key_file];
    if files.into_iter().any(Option::is_some) {
        return Err(BrokerError::Settings(
            "certificate files are set for the broker, but an amqp:// address is not encrypted; \
             write amqps:// and the port for TLS, or remove the files"
                .to_owned(),
        ));
    }
    Ok(())
}

async fn own_roots(path: &Path) -> Result<RootCertStore, BrokerError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path).await? {
        roots
            .add(certificate)
            .map_err(|error| unusable(path, &error))?;
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, BrokerError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(BrokerError::Tls(
            "this system has no trusted certificates; install its package ca-certificates, or set \
             the broker's ca file"
                .to_owned(),
        ));
    }
    Ok(roots)
}

async fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BrokerError> {
    let pem = read(path).await?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(path, &error))?;
    if found.is_empty() {
        return Err(unusable(path, &"it holds no certificate in PEM form"));
    }
    Ok(found)
}

async fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, BrokerError> {
    let pem = read(path).await?;
    PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| unusable(path, &"it holds no private key in PEM form"))
}

async fn read(path: &Path) -> Result<Vec<u8>, BrokerError> {
    tokio::fs::read(path)
        .await
        .map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, why: &impl std::fmt::Display) -> BrokerError {
    BrokerError::Settings(format!(
        "the broker's certificate file {} cannot be used: {why}",
        path.display()
    ))
}
