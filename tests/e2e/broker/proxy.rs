//! Stands between a test and the broker: passes bytes on, with or without TLS, until told to stop.

use std::{net::SocketAddr, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::broker::{ground::place, tls::Certificates};

/// What the proxy does with its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Passes everything on.
    Pass,
    /// Keeps them open and passes nothing on, as a network does that has lost its way.
    Freeze,
    /// Ends them.
    Cut,
}

/// A proxy for as many connections as come, until it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn plain() -> Self {
        Self::start(None).await
    }

    /// Ends TLS with `server`'s certificate; with `clients`, it demands a certificate signed by
    /// them.
    pub(crate) async fn tls(server: &Certificates, clients: Option<&Certificates>) -> Self {
        Self::start(Some(acceptor(server, clients))).await
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    async fn start(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, watch) = watch::channel(Mode::Pass);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (tls, watch) = (tls.clone(), watch.clone());
                connections.spawn(async move {
                    match tls {
                        None => serve(client, watch).await,
                        Some(tls) => {
                            if let Ok(client) = tls.accept(client).await {
                                serve(client, watch).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            mode,
            _tasks: tasks,
        }
    }
}

async fn serve(mut client: impl AsyncRead + AsyncWrite + Unpin, mut mode: watch::Receiver<Mode>) {
    let mut broker = TcpStream::connect(place()).await.unwrap();
    loop {
        let now = *mode.borrow_and_update();
        match now {
            Mode::Cut => return,
            Mode::Freeze => {
                if mode.changed().await.is_err() {
                    return;
                }
            }
            Mode::Pass => tokio::select! {
                _ = copy_bidirectional(&mut client, &mut broker) => return,
                changed = mode.changed() => if changed.is_err() { return },
            },
        }
    }
}

fn acceptor(server: &Certificates, clients: Option<&Certificates>) -> TlsAcceptor {
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
