//! Cancellations over HTTP are recorded in the audit before they are published: what a worker then does with
//! them is in the log of events.

use crate::domain::Happening;
use crate::http::state::Api;
use crate::http::web::{HttpProblem, Pass};
use crate::store::admin::audit::{Act, Action};
use crate::wire::Accepted;

impl Api {
    /// Records the cancellations among the events of a request.
    pub(in crate::http) async fn record_cancels(
        &self,
        pass: &Pass,
        events: &[Accepted],
    ) -> Result<(), HttpProblem> {
        let is_cancel =
            |event: &&Accepted| matches!(event.event.happening, Happening::Cancelled { .. });
        let cancels = events.iter().filter(is_cancel);
        let tokens: Vec<_> = cancels.map(|cancel| &*cancel.event.token).collect();
        let Some(first) = events.first().filter(|_| !tokens.is_empty()) else {
            return Ok(());
        };
        let act = Act {
            action: Action::Cancelled,
            object: "",
            tenant: Some(&first.event.tenant),
        };
        let primary = self.primary().acting(pass.actor().await?);
        Ok(primary.announce_all(act, &tokens).await?)
    }
}
