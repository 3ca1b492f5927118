//! HTTP requests to a server: with the API key, timeouts, and a limit of the response size. Paths
//! and bodies are those of the callers.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::error::RemoteError;
use crate::cli::failure::Failure;
use crate::config::ClientSettings;
use crate::tls;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time without received bytes, in addition to the requested wait.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time until a response is complete, in addition to the requested wait.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(120);
/// The longest wait that is requested with `Prefer`.
pub(in crate::cli) const WAIT: Duration = Duration::from_secs(25);
/// The longest response: events and items of a record have up to 16 MiB of data each.
const RESPONSE_BYTES_MAX: usize = 64 << 20;

/// A client of one server, with its API key.
#[derive(Clone)]
pub(in crate::cli) struct Client {
    http: reqwest::Client,
    base: Url,
}

impl Client {
    /// A client that connects when it is used.
    pub(in crate::cli) fn new(settings: &ClientSettings) -> Result<Self, Failure> {
        let base = Url::parse(&settings.url)
            .map_err(|error| Failure::Usage(format!("client.url: {error}")))?;
        let builder = reqwest::Client::builder()
            .default_headers(headers(settings.key.as_ref())?)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(WAIT + READ_TIMEOUT)
            // The key must not be sent to any other server.
            .redirect(Policy::none())
            .no_proxy();
        let builder = match base.scheme() {
            "https" => {
                let ca_file = settings.ca_file.as_deref();
                let trusted = tls::client_config(ca_file, None, None);
                let unusable = |error: tls::TlsError| Failure::Usage(error.to_string());
                builder.tls_backend_preconfigured(trusted.map_err(unusable)?)
            }
            // Plain HTTP works on a machine without certificates too.
            _ => builder.tls_certs_only([]),
        };
        let http = builder.build();
        let http = http.map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(Self { http, base })
    }

    /// The body of the response to a `GET`, for which the server may wait that long.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        wait: Duration,
    ) -> Result<Vec<u8>, RemoteError> {
        let mut url = self.at(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.get(url).timeout(RESPONSE_TIMEOUT + wait);
        let request = match wait.as_secs() {
            0 => request,
            seconds => request.header("prefer", format!("wait={seconds}")),
        };
        self.send_request(request).await
    }

    /// The body of the response to a `POST` of JSON.
    pub(super) async fn post(&self, path: &[&str], body: Vec<u8>) -> Result<Vec<u8>, RemoteError> {
        let request = self.http.post(self.at(path)).timeout(RESPONSE_TIMEOUT);
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        self.send_request(request).await
    }

    async fn send_request(&self, request: RequestBuilder) -> Result<Vec<u8>, RemoteError> {
        let broken = |error: reqwest::Error| RemoteError::unreachable(&self.base, &error);
        let mut response = request.send().await.map_err(broken)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > RESPONSE_BYTES_MAX {
                let what = format!("of more than {RESPONSE_BYTES_MAX} bytes");
                return Err(self.unexpected(&what));
            }
            body.extend_from_slice(&chunk);
        }
        self.body_of_success(&response, body)
    }

    fn body_of_success(&self, response: &Response, body: Vec<u8>) -> Result<Vec<u8>, RemoteError> {
        let status = response.status();
        if status.is_success() {
            return Ok(body);
        }
        Err(RemoteError::refused(status, response.headers(), &body)
            .unwrap_or_else(|| self.unexpected(&format!("{}", status.as_u16()))))
    }

    /// A response that no Waybill server gives.
    pub(super) fn unexpected(&self, response: &str) -> RemoteError {
        RemoteError::Unexpected {
            address: self.base.to_string(),
            response: response.to_owned(),
        }
    }

    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // An HTTP URL always has a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }
}

fn headers(key: Option<&SecretString>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(key) = key {
        let bearer = format!("Bearer {}", key.expose_secret());
        let bearer = HeaderValue::from_str(&bearer);
        let mut bearer = bearer.map_err(|_| {
            Failure::Usage("client.key has characters that no API key has".to_owned())
        })?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    Ok(headers)
}
