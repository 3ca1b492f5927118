//! How connections to PostgreSQL are made, secured, limited in time and pooled.

use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use secrecy::ExposeSecret;
use tokio::sync::{Mutex, mpsc};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls, Statement};

use super::StoreError;
use crate::config::DatabaseSettings;
use crate::tls;

/// A pool of connections, each with its timeouts set.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
    answer_timeout: Duration,
    misfit: mpsc::Sender<StoreError>,
    misfits: Arc<Mutex<mpsc::Receiver<StoreError>>>,
}

/// One connection; drop it to give it back, or [`Connection::discard`] it. Dropped inside a
/// transaction, by a panic or a cancelled task, it is closed: nobody may inherit half a batch.
pub struct Connection {
    /// Nothing only while it is dropped.
    object: Option<Object>,
    in_transaction: AtomicBool,
}

impl Store {
    /// Reads the settings; connects when somebody asks for a connection.
    pub fn new(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        let manager = manager(settings)?;
        let session = session(settings);
        let set_up = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let session = session.clone();
            Box::pin(async move {
                client
                    .batch_execute(&session)
                    .await
                    .map_err(HookError::Backend)
            })
        });
        let pool = Pool::builder(manager)
            .max_size(settings.pool)
            .wait_timeout(Some(settings.connect_timeout))
            .create_timeout(Some(settings.connect_timeout))
            .recycle_timeout(Some(settings.connect_timeout))
            .post_create(set_up)
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Settings(error.to_string()))?;
        let answer_timeout = settings.statement_timeout + settings.lock_timeout;
        let (misfit, misfits) = mpsc::channel(1);
        Ok(Self {
            pool,
            answer_timeout,
            misfit,
            misfits: Arc::new(Mutex::new(misfits)),
        })
    }

    /// A connection from the pool, or a new one.
    pub async fn connection(&self) -> Result<Connection, StoreError> {
        let object = self.pool.get().await?;
        Ok(Connection {
            object: Some(object),
            in_transaction: AtomicBool::new(false),
        })
    }

    /// How long a transaction may stay without an answer before its connection is given up.
    #[must_use]
    pub fn answer_timeout(&self) -> Duration {
        self.answer_timeout
    }

    /// Tells whoever waits for it that no work can be done on this database
    /// ([`StoreError::is_misfit`]).
    pub fn tell_misfit(&self, error: StoreError) {
        // One is enough: those behind it say the same.
        let _ = self.misfit.try_send(error);
    }

    /// Waits until somebody tells that no work can be done on this database.
    pub async fn misfit(&self) -> StoreError {
        match self.misfits.lock().await.recv().await {
            Some(error) => error,
            None => std::future::pending().await,
        }
    }

    /// Connections now: idle, used, and how many there may be.
    #[must_use]
    pub fn pool_state(&self) -> (usize, usize, usize) {
        let status = self.pool.status();
        let idle = status.available;
        (idle, status.size.saturating_sub(idle), status.max_size)
    }
}

impl Connection {
    /// The statement of that text, prepared once per connection.
    pub(super) async fn prepared(&self, text: &str) -> Result<Statement, StoreError> {
        Ok(self.object().prepare_cached(text).await?)
    }

    /// Closes it: after a failure nobody knows what still runs on it.
    pub fn discard(self) {
        self.set_in_transaction(true);
    }

    /// Says whether a transaction is open on it, as far as was heard.
    pub(super) fn set_in_transaction(&self, open: bool) {
        self.in_transaction.store(open, Ordering::Relaxed);
    }

    fn object(&self) -> &Object {
        self.object.as_ref().expect("only a drop takes it")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if *self.in_transaction.get_mut()
            && let Some(object) = self.object.take()
        {
            drop(Object::take(object));
        }
    }
}

impl Deref for Connection {
    type Target = tokio_postgres::Client;

    fn deref(&self) -> &Self::Target {
        self.object()
    }
}

impl std::ops::DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.object.as_mut().expect("only a drop takes it")
    }
}

fn manager(settings: &DatabaseSettings) -> Result<Manager, StoreError> {
    let config = config(settings)?;
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

/// The URL's own words win, but TLS is either asked for and verified or not used: no fallback.
fn config(settings: &DatabaseSettings) -> Result<Config, StoreError> {
    let url = settings.url.expose_secret();
    let verified = url
        .replace("sslmode=verify-full", "sslmode=require")
        .replace("sslmode=verify-ca", "sslmode=require");
    let mut config = Config::from_str(&verified).map_err(|error| {
        StoreError::Settings(format!(
            "the URL can't be read: {error}; write postgres://user:password@host:5432/database"
        ))
    })?;
    let wants_tls = settings.ca_file.is_some() || config.get_ssl_mode() == SslMode::Require;
    config.ssl_mode(if wants_tls {
        SslMode::Require
    } else {
        SslMode::Disable
    });
    config
        .connect_timeout(settings.connect_timeout)
        .tcp_user_timeout(settings.statement_timeout)
        .keepalives_idle(Duration::from_secs(10));
    if config.get_application_name().is_none() {
        config.application_name("waybill");
    }
    Ok(config)
}

/// What every connection sets. The plans are fixed because batches are alike and tables grow under
/// them: index look-ups, planned once.
fn session(settings: &DatabaseSettings) -> String {
    let statement = settings.statement_timeout.as_millis();
    let lock = settings.lock_timeout.as_millis();
    format!(
        "set statement_timeout = {statement}; set lock_timeout = {lock};
         set idle_in_transaction_session_timeout = {statement};
         set plan_cache_mode = force_generic_plan; set jit = off;
         set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off"
    )
}
