//! Whether a broker connection is encrypted: the address says so, and nothing falls back.

use std::sync::Arc;

use lapin::uri::{AMQPScheme, AMQPUri};
use rustls::ClientConfig;

use super::BrokerError;
use crate::config::BrokerSettings;
use crate::tls;

/// The TLS configuration that the address asks for; `None` for a plain `amqp://` address.
///
/// An own authority replaces the system's authorities instead of joining them: who names one
/// means that one.
pub(super) fn client_config(
    settings: &BrokerSettings,
    uri: &AMQPUri,
) -> Result<Option<Arc<ClientConfig>>, BrokerError> {
    if uri.scheme == AMQPScheme::AMQP {
        return refuse_unused_files(settings).map(|()| None);
    }
    let (ca, cert, key) = (&settings.ca_file, &settings.cert_file, &settings.key_file);
    tls::client_config(ca.as_deref(), cert.as_deref(), key.as_deref())
        .map(|config| Some(Arc::new(config)))
        .map_err(|error| BrokerError::Settings(format!("TLS with the broker: {error}")))
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
