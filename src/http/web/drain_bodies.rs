//! Reads small bodies before the handlers run. A response that is sent before the body was read
//! ends the connection, and a client that does not know it loses the next request on it. With a
//! small body the connection stays usable; with a larger one an error closes it, and the response
//! has the header `Connection: close`.

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::stream;

use super::problem::ErrorResponse;

/// Memory that every connection may use; their number is limited.
const SMALL: usize = 16 << 10;

/// Reads the body of a request if it is small.
pub(in crate::http) async fn drain(request: Request, next: Next) -> Response {
    let length = request.body().size_hint().exact();
    // With `Expect: 100-continue` the client sends the body only if it is needed.
    let expects_continue = request.headers().contains_key(header::EXPECT);
    if length.is_some_and(|length| length <= SMALL as u64) && !expects_continue {
        let (parts, body) = request.into_parts();
        let body = match to_bytes(body, SMALL).await {
            Ok(bytes) => Body::from(bytes),
            // The handler reports the error when it reads the body.
            Err(error) => Body::from_stream(stream::iter([Err::<Vec<u8>, _>(error)])),
        };
        return next.run(Request::from_parts(parts, body)).await;
    }
    let mut answer = next.run(request).await;
    let is_refused = answer.extensions().get::<ErrorResponse>().is_some();
    if is_refused || answer.status().is_client_error() || answer.status().is_server_error() {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(header::CONNECTION, close);
    }
    answer
}
