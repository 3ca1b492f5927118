//! The pool of connections to PostgreSQL.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::{ClientWrapper, Hook, HookError, Object, Pool, QueueMode};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc, watch};
use tokio_postgres::Row;
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;
use tokio_util::task::TaskTracker;

use super::StoreError;
use super::actor::Actor;
use super::dial::{self, Target};
use super::fitness;
use crate::config::DatabaseSettings;
use crate::fair::{FairBudget, Permit};

/// A pool of connections, each checked when it is opened.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
    /// Connections opened before this time are not used again.
    renewed: watch::Sender<Option<Instant>>,
    answer_timeout: Duration,
    misfit: mpsc::Sender<StoreError>,
    misfits: Arc<Mutex<mpsc::Receiver<StoreError>>>,
    /// Who acts with it, for the audit.
    pub(super) actor: Arc<Actor>,
    /// Whose share of the connections is used.
    tenant: Arc<str>,
    connections: FairBudget<Arc<str>>,
    /// Statements that were abandoned and still run.
    abandoned: TaskTracker,
    connect_timeout: Duration,
}

/// The values of a statement's parameters.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// One connection; drop it to return it to the pool, or [`Connection::discard`] it. Dropped inside
/// a transaction, by a panic or a cancelled task, it is closed, so that no one inherits half a
/// batch.
pub struct Connection {
    /// `None` only while it is dropped.
    object: Option<Object>,
    in_transaction: AtomicBool,
    /// A statement outside of a transaction runs.
    in_statement: AtomicBool,
    turn: Option<Permit<Arc<str>>>,
    abandoned: TaskTracker,
}

/// Connections of a pool that tenants leave to the program itself: to look up keys, and to poll.
const RESERVED: usize = 2;

impl Store {
    /// Reads the settings; the first connection is opened on first use.
    pub fn new(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        Self::on(settings, Target::Primary)
    }

    /// The same for a database that is only read: any of several servers will do.
    pub fn replica(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        Self::on(settings, Target::Any)
    }

    fn on(settings: &DatabaseSettings, target: Target) -> Result<Self, StoreError> {
        let (renewed, renewal) = watch::channel(None::<Instant>);
        let is_old = Hook::sync_fn(move |_: &mut ClientWrapper, metrics| {
            if Some(metrics.created) < *renewal.borrow() {
                return Err(HookError::message("from before the pool was renewed"));
            }
            Ok(())
        });
        let check = Hook::async_fn(|client: &mut ClientWrapper, _| {
            Box::pin(async {
                fitness::check(client).await.map_err(|error| match error {
                    StoreError::Database(error) => HookError::Backend(error),
                    StoreError::Unfit(unfit) => HookError::message(unfit),
                    other => HookError::message(other.to_string()),
                })
            })
        });
        let pool = Pool::builder(dial::manager(settings, target)?)
            .max_size(settings.pool)
            .wait_timeout(Some(settings.connect_timeout))
            .create_timeout(Some(settings.connect_timeout))
            .recycle_timeout(Some(settings.connect_timeout))
            .post_create(check)
            .pre_recycle(is_old)
            // In FIFO order large batches would give every connection buffers of their size.
            .queue_mode(QueueMode::Lifo)
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .build()
            .map_err(|error| StoreError::Settings(error.to_string()))?;
        let answer_timeout = settings.statement_timeout + settings.lock_timeout;
        let (misfit, misfits) = mpsc::channel(1);
        Ok(Self {
            pool,
            renewed,
            answer_timeout,
            misfit,
            misfits: Arc::new(Mutex::new(misfits)),
            actor: Arc::default(),
            tenant: Arc::default(),
            connections: FairBudget::new(settings.pool.saturating_sub(RESERVED).max(1)),
            abandoned: TaskTracker::new(),
            connect_timeout: settings.connect_timeout,
        })
    }

    /// The same connections, shared fairly with the other tenants.
    #[must_use]
    pub fn of(&self, tenant: &str) -> Self {
        Self {
            tenant: Arc::from(tenant),
            ..self.clone()
        }
    }

    /// A connection from the pool, or a new one; tenants that wait get one in turn.
    pub async fn connection(&self) -> Result<Connection, StoreError> {
        let turn = match self.tenant.is_empty() {
            true => None,
            false => {
                let tenant = Arc::clone(&self.tenant);
                let turn = self.connections.turn(tenant, 1, self.connect_timeout);
                Some(turn.await.ok_or_else(StoreError::none_became_free)?)
            }
        };
        Ok(Connection {
            object: Some(self.pool.get().await?),
            in_transaction: AtomicBool::new(false),
            in_statement: AtomicBool::new(false),
            turn,
            abandoned: self.abandoned.clone(),
        })
    }

    /// [`Connection::rows`] on a connection from the pool.
    pub(super) async fn rows(
        &self,
        text: &str,
        values: Values<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        self.connection().await?.rows(text, values).await
    }

    /// [`Connection::rows_for`] on a connection from the pool.
    pub(super) async fn rows_for<T>(
        &self,
        items: &[T],
        text: &str,
        values: Values<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        match items.is_empty() {
            true => Ok(Vec::new()),
            false => self.rows(text, values).await,
        }
    }

    /// [`Connection::row`] on a connection from the pool.
    pub(super) async fn row(&self, text: &str, values: Values<'_>) -> Result<Row, StoreError> {
        self.connection().await?.row(text, values).await
    }

    /// [`Connection::row_if_any`] on a connection from the pool.
    pub(super) async fn row_if_any(
        &self,
        text: &str,
        values: Values<'_>,
    ) -> Result<Option<Row>, StoreError> {
        self.connection().await?.row_if_any(text, values).await
    }

    /// [`Connection::run`] on a connection from the pool.
    pub(super) async fn run(&self, text: &str, values: Values<'_>) -> Result<u64, StoreError> {
        self.connection().await?.run(text, values).await
    }

    /// Closes every connection, the used ones as they come back: the next ones may lead to another
    /// server.
    pub fn renew(&self) {
        self.renewed.send_replace(Some(Instant::now()));
        self.pool.retain(|_, _| false);
    }

    /// How long a transaction may wait for an answer before its connection is closed.
    #[must_use]
    pub fn answer_timeout(&self) -> Duration {
        self.answer_timeout
    }

    /// Reports that this database can't be used ([`StoreError::is_misfit`]) to [`Store::misfit`].
    pub fn report_misfit(&self, error: StoreError) {
        // One is enough: the later ones say the same.
        let _ = self.misfit.try_send(error);
    }

    /// Waits for a report that this database can't be used.
    pub async fn misfit(&self) -> StoreError {
        match self.misfits.lock().await.recv().await {
            Some(error) => error,
            None => std::future::pending().await,
        }
    }

    /// The pool's connections: idle, in use, and the maximum.
    #[must_use]
    pub fn pool_state(&self) -> (usize, usize, usize) {
        let status = self.pool.status();
        let idle = status.available;
        (idle, status.size.saturating_sub(idle), status.max_size)
    }
}

impl Connection {
    /// The prepared statement of this text, prepared once per connection.
    async fn prepared(&self, text: &str) -> Result<Statement, StoreError> {
        Ok(self.object().prepare_cached(text).await?)
    }

    /// Prepares what it has not prepared yet. Only then do futures polled at once send their
    /// statements in order: one that first waited for its preparation would be overtaken, even by
    /// the commit.
    pub(super) async fn prepare_all(&self, texts: &[&str]) -> Result<(), StoreError> {
        for text in texts {
            self.prepared(text).await?;
        }
        Ok(())
    }

    /// Runs a statement; returns its rows.
    pub(super) async fn rows(
        &self,
        text: &str,
        values: Values<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepared(text).await?;
        self.finish(self.query(&statement, values)).await
    }

    /// Runs a statement that returns one row.
    pub(super) async fn row(&self, text: &str, values: Values<'_>) -> Result<Row, StoreError> {
        let statement = self.prepared(text).await?;
        self.finish(self.query_one(&statement, values)).await
    }

    /// Runs a statement that returns one row or none.
    pub(super) async fn row_if_any(
        &self,
        text: &str,
        values: Values<'_>,
    ) -> Result<Option<Row>, StoreError> {
        let statement = self.prepared(text).await?;
        self.finish(self.query_opt(&statement, values)).await
    }

    /// Runs a statement; returns how many rows it has changed.
    pub(super) async fn run(&self, text: &str, values: Values<'_>) -> Result<u64, StoreError> {
        let statement = self.prepared(text).await?;
        self.finish(self.execute(&statement, values)).await
    }

    /// [`Connection::rows`] for such items; none without any.
    pub(super) async fn rows_for<T>(
        &self,
        items: &[T],
        text: &str,
        values: Values<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        match items.is_empty() {
            true => Ok(Vec::new()),
            false => self.rows(text, values).await,
        }
    }

    /// [`Connection::run`] for such items; nothing is run without any.
    pub(super) async fn run_for<T>(
        &self,
        items: &[T],
        text: &str,
        values: Values<'_>,
    ) -> Result<u64, StoreError> {
        match items.is_empty() {
            true => Ok(0),
            false => self.run(text, values).await,
        }
    }

    /// Closes it: after a failure a statement may still run on it.
    pub fn discard(self) {
        self.set_in_transaction(true);
    }

    /// Records whether a transaction is open on it, as far as the server's answers show.
    pub(super) fn set_in_transaction(&self, open: bool) {
        self.in_transaction.store(open, Ordering::Relaxed);
    }

    /// Awaits a statement; abandoned before its end, the connection stays in use until then.
    async fn finish<T>(
        &self,
        statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, StoreError> {
        self.in_statement.store(true, Ordering::Relaxed);
        let finished = statement.await;
        self.in_statement.store(false, Ordering::Relaxed);
        Ok(finished?)
    }

    fn object(&self) -> &Object {
        self.object.as_ref().expect("only drop removes it")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else {
            return;
        };
        if *self.in_transaction.get_mut() {
            drop(Object::take(object));
        } else if *self.in_statement.get_mut()
            && let Ok(runtime) = Handle::try_current()
        {
            // Its next user would wait for that statement, and a client that hangs up again and again would
            // have more of them run than are its share.
            let turn = self.turn.take();
            let ended = async move {
                let _ = object.batch_execute("").await;
                drop((object, turn));
            };
            self.abandoned.spawn_on(ended, &runtime);
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
        self.object.as_mut().expect("only drop removes it")
    }
}

impl Connection {
    /// Begins a transaction.
    pub(super) async fn begin(&self) -> Result<(), StoreError> {
        self.set_in_transaction(true);
        Ok(self.batch_execute("begin").await?)
    }

    /// Commits the transaction.
    pub(super) async fn commit(&self) -> Result<(), StoreError> {
        self.end("commit").await
    }

    /// Rolls back the transaction.
    pub async fn roll_back(&self) -> Result<(), StoreError> {
        self.end("rollback").await
    }

    async fn end(&self, how: &str) -> Result<(), StoreError> {
        self.batch_execute(how).await?;
        self.set_in_transaction(false);
        Ok(())
    }
}
