//! Asking a server for records.

use std::time::Duration;

use super::client::Client;
use super::error::RemoteError;
use crate::view::parts::Part;
use crate::view::record::View;

impl Client {
    /// A process with these parts; after so long at most as it stands then, if it is to be waited
    /// for its end.
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
        serde_json::from_slice(&body).map_err(|_| self.strange("without a record"))
    }
}
