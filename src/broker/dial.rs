//! One attempt to connect to the broker: resolve, connect, TLS, AMQP handshake, within one limit
//! and with nothing left running when it is exceeded.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpStream},
    os::fd::AsFd,
    sync::{Arc, Mutex},
    time::Duration,
};

use lapin::{
    ConnectionProperties, ErrorKind,
    protocol::AMQPError,
    uri::{AMQPScheme, AMQPUri},
};
use rustls::{CertificateError, ClientConfig, pki_types::ServerName};
use tokio_rustls::TlsConnector;

use super::BrokerError;
use super::lapin_workarounds::runtime::{
    self, BrokerStream, ScreenedStream, ScreeningRuntime, compatible,
};
use super::lapin_workarounds::screen::Screened;
use crate::lock::lock;

/// A connection, and a second handle on its socket to shut it down.
pub(super) struct Dialled {
    pub(super) connection: lapin::Connection,
    pub(super) socket: Option<TcpStream>,
}

/// Makes one attempt of at most `limit`.
pub(super) async fn dial(
    uri: AMQPUri,
    tls: Option<Arc<ClientConfig>>,
    name: &str,
    limit: Duration,
) -> Result<Dialled, BrokerError> {
    let attempt = Arc::new(Attempt::default());
    let progress = Arc::clone(&attempt);
    let options = ConnectionProperties::default().with_connection_name(name.into());
    let connection = lapin::Connection::connector(
        uri.clone(),
        runtime::screening(),
        // The library runs this on a thread of its own that outlives a caller that gives up,
        // hence the limit in here as well.
        async move |uri: AMQPUri, _: ScreeningRuntime| {
            let open = open(&uri, tls.as_ref(), &progress);
            let stream = match tokio::time::timeout(limit, open).await {
                Ok(stream) => stream.map_err(lapin::Error::from)?,
                Err(_) => return Err(timed_out().into()),
            };
            Ok(ScreenedStream::Plain(Screened::new(stream)))
        },
        options,
    );
    match tokio::time::timeout(limit, connection).await {
        Ok(Ok(connection)) => {
            let socket = lock(&attempt.0).socket.take();
            Ok(Dialled { connection, socket })
        }
        Ok(Err(error)) => Err(explain(&uri, lock(&attempt.0).stage, &error)),
        Err(_) => Err(attempt.abandon(&uri, limit)),
    }
}

/// A stream to the broker, before the AMQP handshake.
pub(super) async fn stream(
    uri: &AMQPUri,
    tls: Option<&Arc<ClientConfig>>,
) -> io::Result<BrokerStream> {
    open(uri, tls, &Attempt::default()).await
}

/// Opens the stream for the AMQP connection.
async fn open(
    uri: &AMQPUri,
    tls: Option<&Arc<ClientConfig>>,
    progress: &Attempt,
) -> io::Result<BrokerStream> {
    let addresses = resolve(uri).await?;
    progress.enter(Stage::Connect);
    let stream = tokio::net::TcpStream::connect(addresses.as_slice()).await?;
    progress.keep(&stream)?;
    let stream = match tls {
        None => compatible(stream),
        Some(config) => {
            progress.enter(Stage::Tls);
            let host = ServerName::try_from(uri.authority.host.clone());
            let host = host.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
            let connector = TlsConnector::from(Arc::clone(config));
            compatible(connector.connect(host, stream).await?)
        }
    };
    progress.enter(Stage::Handshake);
    Ok(stream)
}

/// The stage of an attempt.
#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    #[default]
    Resolve,
    Connect,
    Tls,
    Handshake,
}

#[derive(Default)]
struct Attempt(Mutex<DialProgress>);

#[derive(Default)]
struct DialProgress {
    stage: Stage,
    socket: Option<TcpStream>,
    abandoned: bool,
}

impl Attempt {
    fn enter(&self, stage: Stage) {
        lock(&self.0).stage = stage;
    }

    /// Keeps a second handle on the socket, unless the attempt was abandoned meanwhile.
    fn keep(&self, socket: &tokio::net::TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        let mut progress = lock(&self.0);
        if progress.abandoned {
            return Err(timed_out());
        }
        progress.socket = Some(socket.as_fd().try_clone_to_owned()?.into());
        Ok(())
    }

    /// Abandons the attempt. A peer that accepts and then stays silent would otherwise block the
    /// library's thread, one more per attempt.
    fn abandon(&self, uri: &AMQPUri, limit: Duration) -> BrokerError {
        let mut progress = lock(&self.0);
        progress.abandoned = true;
        if let Some(socket) = progress.socket.take() {
            // An error means that the socket is gone already.
            let _ = socket.shutdown(Shutdown::Both);
        }
        let what = match progress.stage {
            Stage::Resolve => "finding the host of",
            Stage::Connect => "connecting to",
            Stage::Tls => "the TLS handshake with",
            Stage::Handshake => "the AMQP handshake with",
        };
        let limit = limit.as_secs_f32();
        BrokerError::Unreachable(format!(
            "{what} the broker at {} took longer than {limit} s",
            place(uri)
        ))
    }
}

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

async fn resolve(uri: &AMQPUri) -> io::Result<Vec<SocketAddr>> {
    let authority = &uri.authority;
    let found = tokio::net::lookup_host((authority.host.as_str(), authority.port)).await?;
    Ok(found.collect())
}

/// The error of a failed attempt, with its remedy.
fn explain(uri: &AMQPUri, stage: Stage, error: &lapin::Error) -> BrokerError {
    let place = place(uri);
    match error.kind() {
        ErrorKind::ProtocolError(answer) => refusal(uri, answer),
        ErrorKind::IOError(error) => match (tls_cause(error), stage) {
            (Some(cause), _) => untrusted(uri, cause),
            (None, Stage::Resolve) => BrokerError::Unreachable(format!(
                "the broker's host {} cannot be found: {error}",
                uri.authority.host
            )),
            (None, Stage::Connect) => BrokerError::Unreachable(format!(
                "the broker at {place} cannot be reached: {error}"
            )),
            (None, Stage::Tls) => BrokerError::Unreachable(format!(
                "{place} ended the connection during the TLS handshake ({error}); if that stays so, it may not be a TLS port"
            )),
            (None, Stage::Handshake) => BrokerError::Unreachable(format!(
                "{place} ended the connection during the AMQP handshake ({error}); if that stays so, it may not be an \
                 AMQP port, or require TLS (amqps://)"
            )),
        },
        ErrorKind::ParsingError(_) | ErrorKind::InvalidProtocolVersion(_) => {
            BrokerError::Settings(format!(
                "{place} does not answer as an AMQP 0-9-1 server; check the port, and write amqps:// if it is one for TLS"
            ))
        }
        _ => BrokerError::Unreachable(format!("the broker at {place} cannot be used: {error}")),
    }
}

/// The broker's refusal during the handshake: 403 for the login, 530 for the virtual host.
fn refusal(uri: &AMQPUri, answer: &AMQPError) -> BrokerError {
    let user = &uri.authority.userinfo.username;
    let vhost = &uri.vhost;
    match answer.get_id() {
        403 => BrokerError::Refused(format!(
            "the broker refuses user {user:?}: wrong user or password, or a user who may only log in from the broker's \
             own machine (as guest may); correct the address or create the user with rabbitmqctl add_user"
        )),
        530 if vhost.is_empty() => BrokerError::Refused(
            "the broker's address ends in a bare /, which names an empty virtual host; write /%2f for the default one"
                .to_owned(),
        ),
        530 => BrokerError::Refused(format!(
            "the broker does not let user {user:?} into virtual host {vhost:?} ({}); create it with rabbitmqctl \
             add_vhost and grant it with set_permissions, or correct the address",
            answer.get_message()
        )),
        _ => BrokerError::Unreachable(format!("the broker at {} declines: {}", place(uri), answer.get_message())),
    }
}

fn tls_cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn untrusted(uri: &AMQPUri, cause: &rustls::Error) -> BrokerError {
    let place = place(uri);
    let host = &uri.authority.host;
    BrokerError::Tls(match cause {
        // `BadSignature`: an authority of the same name with another key.
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => format!(
            "the certificate of the broker at {place} is not signed by a trusted authority; set the broker's ca file to \
             the certificate of the authority that signed it"
        ),
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!(
            "the certificate of the broker at {place} is not for {host:?}; use a host name that it names"
        ),
        rustls::Error::InvalidCertificate(why) => {
            format!("the certificate of the broker at {place} is not valid: {why}")
        }
        rustls::Error::InvalidMessage(_) => format!(
            "{place} does not answer with TLS; use the broker's port for TLS (5671 by default), or write amqp:// if \
             the connection is to be unencrypted"
        ),
        rustls::Error::AlertReceived(alert) => format!(
            "the broker at {place} refuses the TLS connection ({alert:?}); it may require a client certificate, or a different one"
        ),
        other => format!("the TLS connection to the broker at {place} failed: {other}"),
    })
}

fn place(uri: &AMQPUri) -> String {
    let scheme = match uri.scheme {
        AMQPScheme::AMQP => "amqp",
        AMQPScheme::AMQPS => "amqps",
    };
    let (host, port) = (&uri.authority.host, uri.authority.port);
    if host.contains(':') {
        return format!("{scheme}://[{host}]:{port}");
    }
    format!("{scheme}://{host}:{port}")
}
