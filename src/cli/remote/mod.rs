//! For commands over HTTP: the flags that name a server, and a client of its API.

mod client;
mod error;
mod events;
mod record;

use clap::Args;

pub(super) use self::client::{Client, WAIT};
pub(super) use self::error::RemoteError;
pub(super) use self::events::EventPage;
use super::Sources;

/// The server and the API key to use.
#[derive(Debug, Args)]
#[command(next_help_heading = "Over HTTP")]
pub(super) struct Address {
    /// Use the server at this URL [default: WAYBILL_CLIENT__URL, or http://127.0.0.1:8080].
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Authenticate with the API key in this file [default: WAYBILL_CLIENT__KEY, or the file that
    /// WAYBILL_CLIENT__KEY_FILE names].
    #[arg(long, value_name = "FILE")]
    key_file: Option<String>,
}

impl Address {
    /// The sources overridden by these flags.
    pub(super) fn over(&self, sources: &Sources) -> Sources {
        let flags = [
            ("client.url", &self.url),
            ("client.key_file", &self.key_file),
        ];
        let given = flags.into_iter().filter_map(|(setting, value)| {
            let value = value.as_ref()?;
            Some(format!("{setting}={value}"))
        });
        sources.with(sources.set.iter().cloned().chain(given).collect())
    }
}
