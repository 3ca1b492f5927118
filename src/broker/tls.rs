//! TLS of a broker connection: the address decides, and there is no fallback.

use std::sync::Arc;

use lapin::uri::{AMQPScheme, AMQPUri};
use rustls::ClientConfig;

use super::BrokerError;
use crate::config::BrokerSettings;
use crate::tls::{self, is_this_machine};

/// The TLS configuration for the address; `None` for a plain `amqp://` address.
///
/// A configured authority replaces the system's authorities instead of being added to them.
pub(super) fn client_config(
    settings: &BrokerSettings,
    uri: &AMQPUri,
) -> Result<Option<Arc<ClientConfig>>, BrokerError> {
    if uri.scheme == AMQPScheme::AMQP {
        refuse_unused_files(settings)?;
        return allow_plaintext(settings, uri).map(|()| None);
    }
    let (ca, cert, key) = (&settings.ca_file, &settings.cert_file, &settings.key_file);
    tls::client_config(ca.as_deref(), cert.as_deref(), key.as_deref())
        .map(|config| Some(Arc::new(config)))
        .map_err(|error| BrokerError::Settings(format!("TLS with the broker: {error}")))
}

/// Refuses an unencrypted connection to another machine, unless the settings allow it.
fn allow_plaintext(settings: &BrokerSettings, uri: &AMQPUri) -> Result<(), BrokerError> {
    if settings.plaintext || is_this_machine(&uri.authority.host) {
        return Ok(());
    }
    Err(BrokerError::Settings(
        "the broker is on another machine, and an amqp:// address is not encrypted; write amqps:// and the port for \
         TLS, or set broker.plaintext = true for a network that you trust with passwords and events"
            .to_owned(),
    ))
}

/// Refuses certificate files with a plain address: the operator expects an encrypted connection.
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
