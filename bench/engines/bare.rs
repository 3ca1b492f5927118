//! The least that answers "where is it?": a route, a pool, one query that gives the row as JSON.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, Statement};
use waybill::app::Signals;
use waybill::config::Settings;
use waybill::domain::ProcessKey;

const ROW: &str = "select row_to_json(p)::text from waybill.process p where key = $1";

struct Pool {
    clients: Vec<(Client, Statement)>,
    next: AtomicUsize,
}

/// Serves until the signal to end.
pub(super) async fn run(settings: &Settings, address: SocketAddr) -> anyhow::Result<()> {
    let signals = Signals::of_process()?;
    let mut driving = JoinSet::new();
    let mut clients = Vec::new();
    for _ in 0..settings.http.pool {
        let url = settings.database.url.expose_secret();
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        driving.spawn(connection);
        let statement = client.prepare(ROW).await?;
        clients.push((client, statement));
    }
    let pool = Pool {
        clients,
        next: AtomicUsize::new(0),
    };
    let router = Router::new()
        .route("/v1/processes/{token}", get(record))
        .with_state(Arc::new(pool));
    let server = axum::serve(TcpListener::bind(address).await?, router);
    tokio::select! {
        served = server.into_future() => served.context("the listener has failed"),
        () = signals.first() => Ok(()),
    }
}

async fn record(State(pool): State<Arc<Pool>>, Path(token): Path<String>) -> Response {
    let key = ProcessKey::of("default", &token);
    let turn = pool.next.fetch_add(1, Ordering::Relaxed) % pool.clients.len();
    let Some((client, statement)) = pool.clients.get(turn) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match client.query_opt(statement, &[&key.0]).await {
        Ok(Some(row)) => {
            let body: String = row.get(0);
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
