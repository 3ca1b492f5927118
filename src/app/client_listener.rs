//! The listener for clients and its connections.

use std::net::SocketAddr;
use std::num::NonZeroU32;

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
use crate::http::web::proxies::TrustedProxies;
use crate::http::web::rate_limit::Allowances;
use crate::http::web::server::Arrival;
use crate::http::web::tls::ListenerTls;
use crate::store::Store;
use crate::telemetry::Telemetry;

const SETTING: &str = "http.listen";

/// The `api` role.
pub(super) struct Api {
    listener: TcpListener,
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
        Ok(Self {
            listener: connection_limits::bind(http.listen, SETTING).await?,
            setup: Setup {
                store,
                primary,
                files,
                uploads: UploadLimits::new(
                    settings.files.file_bytes as u64,
                    settings.files.request_bytes as u64,
                    Allowed::new(&settings.files.types),
                    Allowed::new(&settings.files.attachment_types),
                ),
                broker: settings.broker.clone(),
                limits: (&settings.limits).into(),
                anonymous: http.anonymous,
                session: http.session,
                allowances: Allowances {
                    requests: a_second(http.requests_per_second),
                    wrong_keys: a_second(http.wrong_keys_per_second),
                },
                dialects: settings.dialects.clone(),
                arrival: Arrival {
                    tls: http.tls().map(ListenerTls::new).transpose()?,
                    proxies: TrustedProxies {
                        networks: http.trusted_proxies.clone().unwrap_or_default(),
                        header: http.forwarded_header,
                    },
                },
                telemetry,
            },
        })
    }

    /// Its pool of connections to the primary.
    pub(super) fn primary(&self) -> Store {
        self.setup.primary.clone()
    }

    /// Where it listens.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Serves until stopped.
    pub(super) async fn serve(self, stop: CancellationToken) -> anyhow::Result<()> {
        tracing::info!(address = %self.listener.local_addr()?, "answering clients");
        listener::serve(self.listener, self.setup, stop).await;
        Ok(())
    }
}

fn a_second(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}
