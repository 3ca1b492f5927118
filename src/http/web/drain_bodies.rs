//! Small bodies are taken in before anybody looks at the request. Who answers without having read the
//! body loses the connection, and a client that is not told so loses the next request that it sends
//! on it: so one that is refused a call of usual size may go on, and with a larger one it is told.

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::stream;

use super::problem::Refused;

/// What every connection may hold; there are only so many.
const SMALL: usize = 16 << 10;

/// Lets a request through with its body, if that is a small one.
pub(in crate::http) async fn take_in(request: Request, next: Next) -> Response {
    let length = request.body().size_hint().exact();
    // Who asks first whether to send it does not want it read for nothing.
    let asks = request.headers().contains_key(header::EXPECT);
    if length.is_some_and(|length| length <= SMALL as u64) && !asks {
        let (parts, body) = request.into_parts();
        let body = match to_bytes(body, SMALL).await {
            Ok(bytes) => Body::from(bytes),
            // Whoever reads it says so in its own words.
            Err(error) => Body::from_stream(stream::iter([Err::<Vec<u8>, _>(error)])),
        };
        return next.run(Request::from_parts(parts, body)).await;
    }
    let mut answer = next.run(request).await;
    let is_refused = answer.extensions().get::<Refused>().is_some();
    if is_refused || answer.status().is_client_error() || answer.status().is_server_error() {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(header::CONNECTION, close);
    }
    answer
}
