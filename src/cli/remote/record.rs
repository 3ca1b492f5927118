//! Requests that read the record of a process.

use std::time::Duration;

use super::client::Client;
use super::error::RemoteError;
use crate::view::parts::Part;
use crate::view::record::View;

impl Client {
    /// The record of a process with these parts; with `wait`, once the process has ended or that
    /// time has passed.
    pub(in crate::cli) async fn process(
        &self,
        token: &str,
        parts: &[Part],
        wait: Duration,
    ) -> Result<View<'static>, RemoteError> {
        let names: Vec<_> = parts.iter().map(|part| part.name()).collect();
        let include = names.join(",");
        let query: &[_] = match parts {
            [] => &[],
            _ => &[("include", include.as_str())],
        };
        let body = self.get(&["v1", "processes", token], query, wait).await?;
        serde_json::from_slice(&body).map_err(|_| self.unexpected("without a record"))
    }
}
