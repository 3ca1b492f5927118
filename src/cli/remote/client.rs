//! Requests to a server over HTTP: with the key, a timeout for every wait, and responses of a limited
//! size. What is requested and what the responses mean is left to others.

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
/// The longest silence, beyond what was asked to be waited for.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time a whole answer may take, beyond that.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// The longest wait that is asked for.
pub(in crate::cli) const WAIT: Duration = Duration::from_secs(25);
/// The longest answer: log and items of a record come with 16 MiB of data each.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// A server and the key for it.
#[derive(Clone)]
pub(in crate::cli) struct Client {
    http: reqwest::Client,
    base: Url,
}

impl Client {
    /// Nothing is connected yet.
    pub(in crate::cli) fn new(settings: &ClientSettings) -> Result<Self, Failure> {
        let base = Url::parse(&settings.url)
            .map_err(|error| Failure::Usage(format!("client.url: {error}")))?;
        let builder = reqwest::Client::builder()
            .default_headers(headers(settings.key.as_ref())?)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(WAIT + READ_TIMEOUT)
            // The key is for this server and no other.
            .redirect(Policy::none())
            .no_proxy();
        let builder = match base.scheme() {
            "https" => {
                let ca_file = settings.ca_file.as_deref();
                let trusted = tls::client_config(ca_file, None, None);
                let unusable = |error: tls::TlsError| Failure::Usage(error.to_string());
                builder.tls_backend_preconfigured(trusted.map_err(unusable)?)
            }
            // A machine without certificates can do without them.
            _ => builder.tls_certs_only([]),
        };
        let http = builder.build();
        let http = http.map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(Self { http, base })
    }

    /// The whole body of the answer to a `GET`, which may wait for so long.
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
        let request = self.http.get(url).timeout(ANSWER_TIMEOUT + wait);
        let request = match wait.as_secs() {
            0 => request,
            seconds => request.header("prefer", format!("wait={seconds}")),
        };
        self.ask(request).await
    }

    /// The whole body of the answer to a `POST` of JSON.
    pub(super) async fn post(&self, path: &[&str], body: Vec<u8>) -> Result<Vec<u8>, RemoteError> {
        let request = self.http.post(self.at(path)).timeout(ANSWER_TIMEOUT);
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        self.ask(request).await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Vec<u8>, RemoteError> {
        let broken = |error: reqwest::Error| RemoteError::unreachable(&self.base, &error);
        let mut answer = request.send().await.map_err(broken)?;
        let mut body = Vec::new();
        while let Some(more) = answer.chunk().await.map_err(broken)? {
            if body.len() + more.len() > ANSWER_BYTES_MAX {
                return Err(self.strange("with more than it should"));
            }
            body.extend_from_slice(&more);
        }
        self.judge(&answer, body)
    }

    fn judge(&self, answer: &Response, body: Vec<u8>) -> Result<Vec<u8>, RemoteError> {
        let status = answer.status();
        if status.is_success() {
            return Ok(body);
        }
        Err(RemoteError::refused(status, answer.headers(), &body)
            .unwrap_or_else(|| self.strange(&format!("{}", status.as_u16()))))
    }

    /// It is not the server that it should be.
    pub(super) fn strange(&self, answer: &str) -> RemoteError {
        RemoteError::Strange {
            address: self.base.to_string(),
            answer: answer.to_owned(),
        }
    }

    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // An address of HTTP always has a path.
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
        let mut bearer = bearer.map_err(|_| Failure::Usage("client.key is no key".to_owned()))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    Ok(headers)
}
