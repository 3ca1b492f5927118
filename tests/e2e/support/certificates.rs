//! Authorities and certificates for the tests of encryption.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

use super::ground::folder;

/// An authority, and a certificate that it signed.
pub(crate) struct Certificates {
    pub(crate) ca: PathBuf,
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificates {
    /// A new authority with a certificate for `host`.
    pub(crate) fn issue(folder_name: &str, host: &str) -> Self {
        let folder = folder(folder_name);
        std::fs::write(folder.join("ext"), format!("subjectAltName=DNS:{host}\n")).unwrap();
        let openssl = |arguments: &str| {
            let mut command = Command::new("openssl");
            command.current_dir(&folder).args(arguments.split(' '));
            let output = command.output().expect("openssl is installed");
            assert!(output.status.success(), "{output:?}");
        };
        const NEW: &str = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj";
        openssl(&format!(
            "{NEW} /CN=authority -x509 -days 2 -keyout ca.key -out ca.pem"
        ));
        openssl(&format!(
            "{NEW} /CN={host} -keyout key.pem -out request.pem"
        ));
        openssl(
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
             -extfile ext -out cert.pem",
        );
        Self {
            ca: folder.join("ca.pem"),
            cert: folder.join("cert.pem"),
            key: folder.join("key.pem"),
        }
    }
}

/// Ends TLS with `server`'s certificate; with `clients`, it demands a certificate signed by them.
pub(crate) fn acceptor(server: &Certificates, clients: Option<&Certificates>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots
                .add(CertificateDer::from_pem_file(&clients.ca).unwrap())
                .unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let chain = vec![CertificateDer::from_pem_file(&server.cert).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&server.key).unwrap();
    TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()))
}
