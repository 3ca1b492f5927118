//! The listener for clients: its connections, and when it may open.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::Context;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{DatabaseSettings, Settings};
use crate::files::Files;
use crate::http::listener;
use crate::http::state::Setup;
use crate::http::submit::content::Allowed;
use crate::http::submit::upload_limits::UploadLimits;
use crate::http::web::connection_limits;
use crate::http::web::rate_limit::Allowances;
use crate::store::Store;
use crate::telemetry::{Condition, Health, Telemetry};

/// How often the database is polled for a first key.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// How many polls without a key pass between two warnings.
const WARN_EVERY: u64 = 60;
const SETTING: &str = "http.listen";

/// The `api` role.
pub(super) struct Api {
    address: SocketAddr,
    /// Open already if only this machine can reach it.
    listener: Option<TcpListener>,
    setup: Setup,
}

impl Api {
    /// A listener with pools of its own, so that clients can't take the workers' connections.
    pub(super) async fn new(
        settings: &Settings,
        files: Files,
        telemetry: Telemetry,
    ) -> anyhow::Result<Self> {
        let http = &settings.http;
        let database = |url: &SecretString| DatabaseSettings {
            url: url.clone(),
            pool: http.pool,
            ..settings.database.clone()
        };
        let primary = Store::new(&database(&settings.database.url))?;
        let store = match &http.database_url {
            Some(replica) => Store::replica(&database(replica))?,
            None => primary.clone(),
        };
        let listener = match http.listen.ip().is_loopback() {
            true => Some(connection_limits::bind(http.listen, SETTING).await?),
            false => None,
        };
        Ok(Self {
            address: http.listen,
            listener,
            setup: Setup {
                store,
                primary,
                files,
                uploads: UploadLimits::new(
                    settings.files.file_bytes as u64,
                    settings.files.request_bytes as u64,
                    Allowed::new(&settings.files.types),
                ),
                broker: settings.broker.clone(),
                limits: (&settings.limits).into(),
                allowances: Allowances {
                    requests: a_second(http.requests_per_second),
                    wrong_keys: a_second(http.wrong_keys_per_second),
                },
                dialects: settings.dialects.clone(),
                telemetry,
            },
        })
    }

    /// Its pool of connections to the primary.
    pub(super) fn primary(&self) -> Store {
        self.setup.primary.clone()
    }

    /// Where it listens; `None` while it waits for a first key.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref()?.local_addr().ok()
    }

    /// Serves until stopped.
    pub(super) async fn serve(self, stop: CancellationToken, health: Health) -> anyhow::Result<()> {
        let listener = match self.listener {
            Some(listener) => listener,
            None => {
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = first_key(&self.setup.store, self.address) => {}
                }
                connection_limits::bind(self.address, SETTING).await?
            }
        };
        tracing::info!(address = %listener.local_addr()?, "answering clients");
        health.set(Condition::Answering, true);
        listener::serve(listener, self.setup, stop)
            .await
            .context("the listener for clients has failed")
    }
}

fn a_second(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

/// Waits until the database has an API key: without one, clients can't authenticate, so only this
/// machine may connect.
async fn first_key(store: &Store, address: SocketAddr) {
    let mut polls = 0_u64;
    loop {
        match store.any_key().await {
            Ok(true) => return,
            Ok(false) if polls.is_multiple_of(WARN_EVERY) => tracing::warn!(
                "{SETTING} {address} can be reached from other machines, and there is no key yet: \
                 it opens once `waybill key create` has created one; 127.0.0.1 needs none"
            ),
            Ok(false) => {}
            Err(error) if polls.is_multiple_of(WARN_EVERY) => {
                tracing::warn!(%error, "the keys can't be read yet");
            }
            Err(_) => {}
        }
        polls += 1;
        tokio::time::sleep(POLL_EVERY).await;
    }
}
