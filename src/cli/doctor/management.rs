//! Requests to the broker's management API, for what AMQP does not show.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use url::Url;

use crate::config::BrokerSettings;
use crate::tls;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A client of the management API; its requests authenticate as the user of its URL.
pub(super) struct Management {
    url: Url,
    http: reqwest::Client,
}

impl Management {
    /// The one that `broker.management_url` names, if it is set.
    pub(super) fn of(settings: &BrokerSettings) -> Option<Result<Self, String>> {
        let address = settings.management_url.as_ref()?;
        Some(Self::at(address.expose_secret(), settings))
    }

    fn at(address: &str, settings: &BrokerSettings) -> Result<Self, String> {
        let invalid = |_| "broker.management_url is not a URL".to_owned();
        let url = Url::parse(address).map_err(invalid)?;
        let builder = reqwest::Client::builder()
            .timeout(ANSWER_TIMEOUT)
            // The password must not be sent to any other server.
            .redirect(Policy::none())
            .no_proxy();
        let builder = match url.scheme() {
            "https" => {
                let trusted = tls::client_config(settings.ca_file.as_deref(), None, None);
                builder.tls_backend_preconfigured(trusted.map_err(|error| error.to_string())?)
            }
            _ => builder.tls_certs_only([]),
        };
        let http = builder.build().map_err(text)?;
        Ok(Self { url, http })
    }

    /// The same with another user, whose name and password are escaped as in a URL.
    pub(super) fn with_login(&self, user: &str, password: &str) -> Self {
        let mut url = self.url.clone();
        // Only a URL without a host has no user.
        let _ = url.set_username(user);
        let _ = url.set_password(Some(password));
        Self {
            url,
            http: self.http.clone(),
        }
    }

    /// The answer to a request; `None` if the login is refused.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        columns: Option<&str>,
    ) -> Result<Option<T>, String> {
        let mut url = self.url.clone();
        url.set_path(path);
        url.set_query(columns);
        let response = self.http.get(url).send().await.map_err(text)?;
        if response.status() == StatusCode::UNAUTHORIZED {
            return Ok(None);
        }
        let response = response.error_for_status().map_err(text)?;
        let body = response.bytes().await.map_err(text)?;
        let unexpected = |_| "the response has an unexpected form".to_owned();
        serde_json::from_slice(&body).map(Some).map_err(unexpected)
    }
}

/// The URL contains a password, so no error message may include it.
fn text(error: reqwest::Error) -> String {
    error.without_url().to_string()
}
