//! Somebody who runs the program's commands at a terminal, and what they are told.

use std::process::Stdio;

use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
};
use waybill::domain::access::Scope;

use super::ground::Ground;
use crate::http::processes::key;

/// Somebody at a terminal, with nothing in the environment but this.
#[derive(Clone)]
pub(crate) struct Person {
    variables: Vec<(&'static str, String)>,
}

/// How a command ended.
pub(crate) struct Told {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Person {
    /// With a server and a key of the tenant `default`.
    pub(crate) async fn keyed(ground: &Ground, url: &str, scopes: &[Scope]) -> Self {
        let (text, _) = key(ground, "default", scopes).await;
        Self::with(url, &text)
    }

    pub(crate) fn with(url: &str, key: &str) -> Self {
        let variables = vec![
            ("WAYBILL_CLIENT__URL", url.to_owned()),
            ("WAYBILL_CLIENT__KEY", key.to_owned()),
        ];
        Self { variables }
    }

    /// With nothing at all.
    pub(crate) fn bare() -> Self {
        let variables = Vec::new();
        Self { variables }
    }

    /// With the database alone.
    pub(crate) fn of(ground: &Ground) -> Self {
        let variables = vec![("DATABASE_URL", ground.database_url.clone())];
        Self { variables }
    }

    /// With database and broker, as whoever the addresses name.
    pub(crate) fn at(database_url: &str, broker_url: &str) -> Self {
        let variables = vec![
            ("DATABASE_URL", database_url.to_owned()),
            ("AMQP_URL", broker_url.to_owned()),
        ];
        Self { variables }
    }

    pub(crate) fn key(&self) -> &str {
        &self.variables[1].1
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_waybill"))
            .args(arguments)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program runs")
    }

    pub(crate) async fn says(&self, arguments: &[&str]) -> Told {
        self.sends(arguments, "").await
    }

    /// Runs it with something on its standard input; it never tells the key.
    pub(crate) async fn sends(&self, arguments: &[&str], input: &str) -> Told {
        let mut child = self.start(arguments);
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that does not read its input closes it.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let told = Told::of(child).await;
        let said = format!("{}{}", told.out, told.err);
        assert!(!said.contains("wb_"), "{said}");
        told
    }
}

impl Told {
    pub(crate) async fn of(child: Child) -> Self {
        let output = child.wait_with_output().await.expect("its end");
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// The same, where it ended with that code and these words.
    pub(crate) fn ended(self, code: i32, words: &[&str]) -> Self {
        let said = format!("{}{}", self.out, self.err);
        assert_eq!(self.code, Some(code), "{said}");
        for words in words {
            assert!(said.contains(words), "{words:?} is not in\n{said}");
        }
        self
    }
}
