//! The listener for operators: liveness, readiness and metrics of this process.
//!
//! It answers from memory alone. It stays up while the process drains, so that the shutdown can be
//! monitored, and it stops last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::web::connection_limits::{ConnectionLimits, LimitedListener};
use super::web::proxies::TrustedProxies;
use super::web::server::{self, Arrival};
use super::web::tls::ListenerTls;
use super::web::uncached;
use crate::telemetry::{Health, Telemetry};

const LIMITS: ConnectionLimits = ConnectionLimits {
    connections: 128,
    request_bytes: 16 << 10,
    head: Duration::from_secs(10),
    transfer: Duration::from_secs(10),
    bytes_per_second: 16 << 10,
    idle: Duration::from_secs(75),
};
/// Interval between two runs of upkeep; observations accumulate in between.
const UPKEEP: Duration = Duration::from_secs(5);
/// Longest wait at shutdown for responses that are in progress.
const GRACE: Duration = Duration::from_secs(2);
const TEXT: &str = "text/plain; charset=utf-8";
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";
const ROUTES: &str = "no such page; there are /livez, /readyz and /metrics\n";

/// Callback before each scrape that updates the gauges; it must not block.
pub type Refresh = Arc<dyn Fn() + Send + Sync>;

/// What the listener serves.
#[derive(Clone)]
pub struct Ops {
    /// The metrics.
    pub telemetry: Telemetry,
    /// The health.
    pub health: Health,
    /// Runs before each scrape, if set.
    pub refresh: Option<Refresh>,
    /// TLS, if it is not plain text.
    pub tls: Option<ListenerTls>,
}

/// Serves until shutdown, and runs the upkeep of the metrics meanwhile.
pub async fn serve(listener: TcpListener, ops: Ops, shutdown: CancellationToken) {
    let listener = LimitedListener::new(listener, LIMITS);
    let arrival = Arrival {
        tls: ops.tls.clone(),
        proxies: TrustedProxies::default(),
    };
    let serving = server::serve(listener, router(ops.clone()), arrival, (shutdown, GRACE));
    tokio::pin!(serving);
    let mut upkeep = interval(UPKEEP);
    upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = &mut serving => return,
            _ = upkeep.tick() => ops.telemetry.upkeep(),
        }
    }
}

/// The routes of the listener.
pub fn router(ops: Ops) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(|| async { text(StatusCode::NOT_FOUND, ROUTES.to_owned()) })
        .with_state(ops)
}

async fn livez(State(ops): State<Ops>) -> Response {
    match ops.health.live(Instant::now()) {
        Ok(()) => text(StatusCode::OK, "live\n".to_owned()),
        Err(stuck) => complain("stuck", &stuck),
    }
}

async fn readyz(State(ops): State<Ops>) -> Response {
    match ops.health.ready() {
        Ok(()) => text(StatusCode::OK, "ready\n".to_owned()),
        Err(missing) => complain("not ready", &missing),
    }
}

async fn metrics(State(ops): State<Ops>) -> Response {
    if let Some(refresh) = &ops.refresh {
        refresh();
    }
    let headers = [(header::CONTENT_TYPE, EXPOSITION)];
    (headers, ops.telemetry.render()).into_response()
}

/// One line that names every failed check.
fn complain(what: &str, details: &[impl AsRef<str>]) -> Response {
    let details: Vec<&str> = details.iter().map(AsRef::as_ref).collect();
    let body = format!("{what}: {}\n", details.join(", "));
    text(StatusCode::SERVICE_UNAVAILABLE, body)
}

fn text(status: StatusCode, body: String) -> Response {
    (status, uncached(TEXT), body).into_response()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    use super::*;
    use crate::http::web::connection_limits::bind;
    use crate::telemetry::{Condition, Labels, Pool};

    struct Server {
        address: SocketAddr,
        health: Health,
        shutdown: CancellationToken,
        task: JoinSet<()>,
    }

    impl Server {
        async fn start() -> Self {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            let listener = bind(any, "ops.listen").await.unwrap();
            let address = listener.local_addr().unwrap();
            let telemetry = Telemetry::new(&Labels::SAMPLE).unwrap();
            let health = Health::new(&Condition::ALL);
            let shown = telemetry.clone();
            let refresh: Refresh = Arc::new(move || {
                shown.show_pool(Pool {
                    idle: 3,
                    used: 2,
                    max: 8,
                });
            });
            let ops = Ops {
                telemetry,
                health: health.clone(),
                refresh: Some(refresh),
                tls: None,
            };
            let shutdown = CancellationToken::new();
            let mut task = JoinSet::new();
            task.spawn(serve(listener, ops, shutdown.clone()));
            Self {
                address,
                health,
                shutdown,
                task,
            }
        }

        async fn get(&self, path: &str) -> String {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        }
    }

    #[tokio::test]
    async fn readiness_follows_the_conditions() {
        let server = Server::start().await;
        let answer = server.get("/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        for condition in Condition::ALL {
            assert!(answer.contains(condition.name()), "{answer}");
            server.health.set(condition, true);
        }
        assert!(server.get("/readyz").await.starts_with("HTTP/1.1 200"));
        server.health.set(Condition::BrokerConnected, false);
        let answer = server.get("/readyz").await;
        assert!(
            answer.ends_with("not ready: broker not connected\n"),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn liveness_does_not_need_readiness() {
        let server = Server::start().await;
        server.health.beat("intake");
        let answer = server.get("/livez").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    #[tokio::test]
    async fn a_scrape_is_refreshed_first() {
        let server = Server::start().await;
        let answer = server.get("/metrics").await;
        assert!(answer.starts_with("HTTP/1.1 200"));
        assert!(answer.contains("content-type: text/plain; version=0.0.4"));
        assert!(answer.contains("waybill_db_pool_connections{state=\"used\"} 2"));
    }

    #[tokio::test]
    async fn an_unknown_path_gets_the_list_of_known_ones() {
        let server = Server::start().await;
        let answer = server.get("/metric").await;
        assert!(answer.starts_with("HTTP/1.1 404"));
        assert!(answer.ends_with(ROUTES));
    }

    #[tokio::test]
    async fn shutdown_does_not_wait_for_idle_clients() {
        let mut server = Server::start().await;
        let idle = TcpStream::connect(server.address).await.unwrap();
        server.shutdown.cancel();
        let ended = timeout(GRACE * 2, server.task.join_next()).await;
        assert!(matches!(ended, Ok(Some(Ok(())))));
        drop(idle);
    }
}
