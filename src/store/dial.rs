//! How a connection to PostgreSQL is opened: addresses, TLS, and startup parameters.

use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod};
use secrecy::ExposeSecret;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::{Config, NoTls};

use super::StoreError;
use super::fitness::{MARK, MARK_VALUE};
use crate::config::DatabaseSettings;
use crate::tls::{self, is_this_machine};

const NOT_ENCRYPTED: &str = "the database is on another machine, and the URL does not say whether to encrypt the \
                             connection; add sslmode=verify-full (and set database.ca_file, if its authority is your own), \
                             or sslmode=disable for a network that you trust with passwords and records";

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
    if !requires_tls && config.get_ssl_mode() != SslMode::Disable && is_remote(&config) {
        return Err(StoreError::Settings(NOT_ENCRYPTED.to_owned()));
    }
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

/// Whether one of the servers is not on this machine, as far as its name says.
fn is_remote(config: &Config) -> bool {
    let mut names = config.get_hosts().iter();
    let addresses = config.get_hostaddrs();
    names.any(|host| match host {
        Host::Tcp(name) => !is_this_machine(name),
        Host::Unix(_) => false,
    }) || addresses.iter().any(|address| !address.is_loopback())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_on_this_machine_is_reached_without_a_word_about_tls() {
        for (url, is_refused) in [
            ("postgres://u@localhost/waybill", false),
            ("postgres://u@127.0.0.1,[::1]:5433/waybill", false),
            ("postgres://u@/waybill?host=/run/postgresql", false),
            ("postgres://u@db.example/waybill", true),
            ("postgres://u@localhost,db.example/waybill", true),
            ("postgres://u@localhost/waybill?hostaddr=192.0.2.1", true),
            ("postgres://u@db.example/waybill?sslmode=prefer", true),
            ("postgres://u@db.example/waybill?sslmode=disable", false),
            ("postgres://u@db.example/waybill?sslmode=verify-full", false),
        ] {
            let settings = DatabaseSettings {
                url: url.into(),
                ca_file: None,
                cert_file: None,
                key_file: None,
                pool: 2,
                connect_timeout: Duration::from_secs(1),
                statement_timeout: Duration::from_secs(1),
                lock_timeout: Duration::from_secs(1),
            };
            let config = config(&settings, Target::Primary);
            let refused = config
                .err()
                .is_some_and(|error| error.to_string().contains("sslmode"));
            assert_eq!(refused, is_refused, "{url}");
        }
    }
}
