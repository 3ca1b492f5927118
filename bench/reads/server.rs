//! The programs that answer clients, each a process of its own.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use tokio::process::Child;
use tokio::process::Command;

use super::client::Client;
use super::filled;
use crate::engine::spawn;
use crate::ground::Field;
use crate::scrape;

/// A server program, which answers clients.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Waybill; with a key it needs one.
    pub(crate) async fn api(field: &Field, key: &str) -> anyhow::Result<Self> {
        let mut command = Command::new(crate::ground::waybill()?);
        command.args(["run", "--roles", "api"]);
        Self::start(command, field, key).await
    }

    /// The bare program.
    pub(crate) async fn bare(field: &Field) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["engine", "bare"]);
        Self::start(command, field, "").await
    }

    async fn start(mut command: Command, field: &Field, key: &str) -> anyhow::Result<Self> {
        let address = scrape::free_address().await?;
        command
            .env("WAYBILL_HTTP__LISTEN", address.to_string())
            .env("WAYBILL_HTTP__ANONYMOUS", "true")
            .env("WAYBILL_HTTP__REQUESTS_PER_SECOND", "1000000")
            .env("WAYBILL_OPS__LISTEN", "127.0.0.1:0");
        let child = spawn(command, field, Stdio::inherit())?;
        let path = format!("/v1/processes/{}", filled::token(0));
        let answering = async {
            loop {
                if let Ok(mut client) = Client::with_key(address, key).await
                    && client.get(&path).await.is_ok()
                {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let answers = tokio::time::timeout(Duration::from_secs(30), answering).await;
        answers.context("the listener does not answer")?;
        Ok(Self { child, address })
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }
}
