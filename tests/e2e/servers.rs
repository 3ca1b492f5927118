//! The servers that all tests share: private ones, or those that `WAYBILL_TEST_SERVERS` names, to
//! try other versions. It holds JSON:
//! `{"database_url": …, "amqp_url": …, "rabbitmqctl": ["docker", "exec", "-i", NAME, "rabbitmqctl"]}`;
//! the broker's user is `waybill`, and both must be empty.

use std::process::Stdio;

use serde_json::Value;
use tokio::{io::AsyncWriteExt, process::Command};
use waybill::dev::Servers;

pub(crate) enum Ours {
    Private(Servers),
    Named(Value),
}

impl Ours {
    pub(crate) async fn start() -> Self {
        match std::env::var("WAYBILL_TEST_SERVERS") {
            Ok(named) => Self::Named(serde_json::from_str(&named).expect("JSON")),
            Err(_) => Self::Private(Servers::start_temporary().await.expect("private servers")),
        }
    }

    pub(crate) fn database_url(&self) -> String {
        match self {
            Self::Private(servers) => servers.postgres.url(),
            Self::Named(named) => text(named, "database_url"),
        }
    }

    pub(crate) fn amqp_url(&self) -> String {
        match self {
            Self::Private(servers) => servers.rabbitmq.url(),
            Self::Named(named) => text(named, "amqp_url"),
        }
    }

    /// Puts definitions into the broker.
    pub(crate) async fn import(&self, definitions: &str) {
        match self {
            Self::Private(servers) => {
                let file = servers.folder().join("definitions.json");
                std::fs::write(&file, definitions).expect("the folder is ours");
                let path = file.to_str().expect("a plain path");
                self.ctl(&["import_definitions", path], "").await;
                std::fs::remove_file(&file).expect("it was just written");
            }
            Self::Named(_) => self.ctl(&["import_definitions"], definitions).await,
        }
    }

    /// Runs `rabbitmqctl`.
    pub(crate) async fn ctl(&self, args: &[&str], input: &str) {
        match self {
            Self::Private(servers) => servers.rabbitmq.ctl(args).await.expect("rabbitmqctl"),
            Self::Named(named) => {
                let words = named["rabbitmqctl"].as_array().expect("a command");
                let mut words = words.iter().map(|word| word.as_str().expect("a word"));
                let mut command = Command::new(words.next().expect("a program"));
                command.args(words).args(args).stdin(Stdio::piped());
                let mut child = command.spawn().expect("rabbitmqctl");
                let mut stdin = child.stdin.take().expect("an input");
                stdin.write_all(input.as_bytes()).await.expect("it reads");
                drop(stdin);
                assert!(child.wait().await.expect("it ends").success(), "{args:?}");
            }
        }
    }
}

fn text(named: &Value, key: &str) -> String {
    named[key].as_str().expect(key).to_owned()
}
