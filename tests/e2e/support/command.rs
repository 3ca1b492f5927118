//! The program's commands, run at a terminal, and how they end.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use waybill::domain::access::Scope;

use super::ground::Ground;
use crate::http::processes::key;

/// A user at a terminal, with only these variables in the environment.
#[derive(Clone)]
pub(crate) struct User {
    variables: Vec<(&'static str, String)>,
}

/// How a command ended.
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ground {
    /// Runs a command with the addresses of database and broker.
    pub(crate) fn waybill(&self, arguments: &[&str]) -> Answer {
        self.waybill_with(arguments, "")
    }

    /// The same with something on its standard input.
    pub(crate) fn waybill_with(&self, arguments: &[&str], input: &str) -> Answer {
        self.operator().sends(arguments, input)
    }

    /// Runs a command that succeeds and prints these words.
    pub(crate) fn shows(&self, arguments: &[&str], words: &str) -> Answer {
        self.operator().shows(arguments, words)
    }

    /// Runs a command that ends with this exit code and complains with these words.
    pub(crate) fn refuses(&self, arguments: &[&str], code: i32, words: &str) -> Answer {
        self.operator().refuses(arguments, code, words)
    }

    /// An operator with the addresses of database, broker and files.
    pub(crate) fn operator(&self) -> User {
        let mut user = User::at(&self.operator_url, &self.broker_url);
        let files = self.folder.join("files").display().to_string();
        user.variables.push(("WAYBILL_FILES__URL", files));
        user
    }
}

impl User {
    /// With a server and a key of the tenant `default`.
    pub(crate) async fn keyed(ground: &Ground, url: &str, scopes: &[Scope]) -> Self {
        let (text, _) = key(ground, "default", scopes).await;
        Self::with(url, &text)
    }

    pub(crate) fn with(url: &str, key: &str) -> Self {
        Self::of(&[("WAYBILL_CLIENT__URL", url), ("WAYBILL_CLIENT__KEY", key)])
    }

    /// With database and broker, as the users that the addresses name.
    pub(crate) fn at(database_url: &str, broker_url: &str) -> Self {
        Self::of(&[("DATABASE_URL", database_url), ("AMQP_URL", broker_url)])
    }

    /// With these variables.
    pub(crate) fn of(variables: &[(&'static str, &str)]) -> Self {
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| (*name, (*value).to_owned()));
        Self {
            variables: variables.collect(),
        }
    }

    pub(crate) fn key(&self) -> &str {
        &self.variables[1].1
    }

    /// Starts a command, for a test that reads its output while it runs.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_waybill"))
            .args(arguments)
            .env_clear()
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs")
    }

    pub(crate) fn says(&self, arguments: &[&str]) -> Answer {
        self.sends(arguments, "")
    }

    /// Runs a command that succeeds and prints these words.
    pub(crate) fn shows(&self, arguments: &[&str], words: &str) -> Answer {
        self.says(arguments).ok().says(words)
    }

    /// Runs a command that ends with this exit code and complains with these words.
    pub(crate) fn refuses(&self, arguments: &[&str], code: i32, words: &str) -> Answer {
        self.says(arguments).failed(code).complains(words)
    }

    /// Runs a command with this standard input; checks that it does not print the key.
    pub(crate) fn sends(&self, arguments: &[&str], input: &str) -> Answer {
        let mut child = self.start(arguments);
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that does not read its input closes it.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let answer = Answer::of(child);
        let output = format!("{}{}", answer.out, answer.err);
        let keys = self
            .variables
            .iter()
            .filter(|(name, _)| *name == "WAYBILL_CLIENT__KEY");
        for (_, key) in keys {
            assert!(!output.contains(key), "{output}");
        }
        answer
    }
}

impl Answer {
    pub(crate) fn of(child: Child) -> Self {
        let output = child.wait_with_output().expect("its end");
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Checks that it succeeded.
    pub(crate) fn ok(self) -> Self {
        self.failed(0)
    }

    /// Checks the exit code.
    pub(crate) fn failed(self, code: i32) -> Self {
        self.ended(code, &[])
    }

    /// Checks the exit code and that the output contains these words.
    pub(crate) fn ended(self, code: i32, words: &[&str]) -> Self {
        let output = format!("{}{}", self.out, self.err);
        assert_eq!(self.code, Some(code), "{output}");
        for words in words {
            assert!(output.contains(words), "{words:?} is not in\n{output}");
        }
        self
    }

    /// Its output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect("JSON")
    }

    /// Checks that its output contains the text.
    pub(crate) fn says(self, text: &str) -> Self {
        let (out, err) = (&self.out, &self.err);
        assert!(out.contains(text), "{text:?} is not in\n{out}{err}");
        self
    }

    /// Checks that its error output contains the text.
    pub(crate) fn complains(self, text: &str) -> Self {
        let (out, err) = (&self.out, &self.err);
        assert!(err.contains(text), "{text:?} is not in\n{err}{out}");
        self
    }
}
