//! How a connection to PostgreSQL is opened: addresses, TLS, and startup parameters.

use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod};
use secrecy::ExposeSecret;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::{Config, NoTls};

use super::StoreError;
use super::fitness::{MARK, MARK_VALUE};
use crate::config::DatabaseSettings;
use crate::tls;

/// Which of a URL's servers to connect to, unless the URL sets `target_session_attrs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The one that accepts writes, if there are several.
    Primary,
    /// Any of them.
    Any,
}

pub(super) fn manager(settings: &DatabaseSettings, target: Target) -> Result<Manager, StoreError> {
    let config = config(settings, target)?;
    let pooling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    if config.get_ssl_mode() == SslMode::Disable {
        return Ok(Manager::from_config(config, NoTls, pooling));
    }
    let tls = tls::client_config(
        settings.ca_file.as_deref(),
        settings.cert_file.as_deref(),
        settings.key_file.as_deref(),
    )
    .map_err(|error| StoreError::Settings(error.to_string()))?;
    let connector = tokio_postgres_rustls::MakeRustlsConnect::new(tls);
    Ok(Manager::from_config(config, connector, pooling))
}

/// The URL wins over the settings, but TLS is either required and verified or not used: no
/// fallback.
fn config(settings: &DatabaseSettings, target: Target) -> Result<Config, StoreError> {
    let url = settings.url.expose_secret();
    let verified = url
        .replace("sslmode=verify-full", "sslmode=require")
        .replace("sslmode=verify-ca", "sslmode=require");
    let mut config = Config::from_str(&verified).map_err(|error| {
        StoreError::Settings(format!(
            "the URL can't be read: {error}; write postgres://user:password@host:5432/database"
        ))
    })?;
    let requires_tls = settings.ca_file.is_some() || config.get_ssl_mode() == SslMode::Require;
    config.ssl_mode(if requires_tls {
        SslMode::Require
    } else {
        SslMode::Disable
    });
    let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX);
    config
        // A host that does not answer must leave time for the others.
        .connect_timeout(settings.connect_timeout / hosts.max(1))
        .tcp_user_timeout(settings.statement_timeout)
        .keepalives_idle(Duration::from_secs(10));
    if target == Target::Primary && hosts > 1 && !url.contains("target_session_attrs=") {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    if config.get_application_name().is_none() {
        config.application_name("waybill");
    }
    let options = options(settings, config.get_options());
    config.options(options);
    Ok(config)
}

/// The startup options of every connection. The server uses the last of two values, so the URL's
/// own options come last. Generic plans of index look-ups are forced, because batches are alike
/// while tables grow. PgBouncer refuses options that end with a space.
fn options(settings: &DatabaseSettings, own: Option<&str>) -> String {
    let statement = settings.statement_timeout.as_millis();
    let lock = settings.lock_timeout.as_millis();
    let options = format!(
        "-c {MARK}={MARK_VALUE} \
         -c statement_timeout={statement} -c lock_timeout={lock} \
         -c idle_in_transaction_session_timeout={statement} \
         -c synchronous_commit=on -c default_transaction_isolation=read\\ committed \
         -c plan_cache_mode=force_generic_plan -c jit=off \
         -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off {}",
        own.unwrap_or_default()
    );
    options.trim_end().to_owned()
}
