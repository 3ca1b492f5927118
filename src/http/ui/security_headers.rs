//! Security headers of the pages.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::web::Scheme;

/// Only own resources are loaded, run and connected to; inline scripts and styles are forbidden.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The pages use no feature of a browser that needs a permission.
const NO_FEATURES: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), camera=(), display-capture=(), fullscreen=(), geolocation=(), gyroscope=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), \
     screen-wake-lock=(), usb=(), xr-spatial-tracking=()",
);
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// For a year browsers use no connection without TLS.
const ONLY_TLS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the security headers to every response.
pub(super) async fn strict(scheme: Scheme, request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (OPENER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(PERMISSIONS_POLICY, NO_FEATURES);
    match scheme {
        Scheme::Http => {}
        Scheme::Https => {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, ONLY_TLS);
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower_service::Service;

    use super::*;

    #[tokio::test]
    async fn only_over_tls_a_browser_is_bound_to_tls() {
        for (scheme, expected) in [
            (None, None),
            (Some(Scheme::Http), None),
            (Some(Scheme::Https), Some(ONLY_TLS)),
        ] {
            let routes = Router::new().route("/", get(async || ""));
            let mut request = Request::new(Body::empty());
            if let Some(scheme) = scheme {
                request.extensions_mut().insert(scheme);
            }
            let reply = routes.layer(from_fn(strict)).call(request).await.unwrap();
            let found = reply.headers().get(header::STRICT_TRANSPORT_SECURITY);
            assert_eq!(found, expected.as_ref(), "{scheme:?}");
        }
    }
}
