//! Request metrics: count and duration by route and class of status.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use crate::config::DialectSettings;
use crate::http::ui::paths;
use crate::telemetry::{AuthRefused, StatusClass, Telemetry};

const OPEN_CAPTURE: &str = "open_capture";
const DIADOC: &str = "diadoc";
const AHGORA: &str = "ahgora";
const OMFLOW: &str = "omflow";
const MONITOR: &str = "monitor";
/// Requests without a route, so that unknown paths don't create time series.
const OTHER: &str = "other";

/// All values of the label: each route of the native API, each dialect and the monitor as a whole,
/// and all others.
pub static ROUTES: &[&str] = &[
    "/v1/processes",
    "/v1/processes/batch",
    "/v1/processes/{token}",
    "/v1/processes/{token}/cancel",
    "/v1/processes/{token}/files/{id}",
    "/v1/events",
    "/v1/events/stream",
    "/v1/audit",
    "/v1/uploads",
    "/v1/orders",
    "/v1/orders/{token}/push",
    "/asyncapi.json",
    "/schemas/{name}",
    "/openapi.json",
    "/docs",
    OPEN_CAPTURE,
    DIADOC,
    AHGORA,
    OMFLOW,
    MONITOR,
    OTHER,
];

/// Counts requests by route.
#[derive(Clone)]
pub(in crate::http) struct Meter {
    telemetry: Telemetry,
    prefixes: Arc<[(String, &'static str)]>,
}

impl Meter {
    pub(in crate::http) fn new(telemetry: Telemetry, settings: &DialectSettings) -> Self {
        let dialects = [
            (&settings.open_capture, OPEN_CAPTURE),
            (&settings.diadoc, DIADOC),
            (&settings.ahgora, AHGORA),
            (&settings.omflow, OMFLOW),
        ];
        let on = dialects.into_iter();
        let on = on.filter_map(|(prefix, name)| Some((prefix.clone()?, name)));
        let monitor = (paths::BELOW.to_owned(), MONITOR);
        Self {
            telemetry,
            prefixes: on.chain([monitor]).collect(),
        }
    }

    fn route(&self, request: &Request) -> &'static str {
        let path = request.uri().path();
        let is_below = |prefix: &str| {
            let rest = path.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let below = self.prefixes.iter().find(|(prefix, _)| is_below(prefix));
        if let Some((_, name)) = below {
            return name;
        }
        if path == paths::PROCESSES {
            return MONITOR;
        }
        let matched = request.extensions().get::<MatchedPath>();
        let matched = matched.map(MatchedPath::as_str);
        let known = ROUTES.iter().find(|route| Some(**route) == matched);
        known.copied().unwrap_or(OTHER)
    }
}

/// The target of the access log's lines: `WAYBILL_LOG__FILTER=info,waybill::access=debug` turns it on.
const ACCESS: &str = "waybill::access";

/// Who sent the request of a response, for the access log.
#[derive(Debug, Clone)]
pub(in crate::http) struct KnownCaller {
    /// The id of its key.
    pub(in crate::http) key: Option<String>,
    /// Its tenant.
    pub(in crate::http) tenant: String,
}

/// Counts a request when its response begins; sending the body depends on the client.
pub(in crate::http) async fn measure(
    State(meter): State<Meter>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let route = meter.route(&request);
    let answer = next.run(request).await;
    let (status, took) = (answer.status(), began.elapsed());
    let class = StatusClass::of(status.as_u16());
    meter.telemetry.http_answered(route, class, took);
    let refused = match status {
        StatusCode::UNAUTHORIZED => Some(AuthRefused::Unauthorized),
        StatusCode::FORBIDDEN => Some(AuthRefused::Forbidden),
        StatusCode::TOO_MANY_REQUESTS => Some(AuthRefused::TooMany),
        _ => None,
    };
    if let Some(reason) = refused {
        meter.telemetry.auth_refused(reason);
    }
    let caller = answer.extensions().get::<KnownCaller>();
    tracing::debug!(
        target: ACCESS,
        route,
        status = status.as_u16(),
        milliseconds = took.as_millis(),
        key = caller.and_then(|caller| caller.key.as_deref()),
        tenant = caller.map(|caller| caller.tenant.as_str()),
        "answered"
    );
    answer
}
