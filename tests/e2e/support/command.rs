//! The program's commands, run at a terminal, and how they end.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use waybill::domain::access::Scope;

use super::ground::Ground;
use crate::http::processes::key;

/// A user at a terminal, with nothing in the environment but this.
#[derive(Clone)]
pub(crate) struct Person {
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

    /// An operator with the addresses of database, broker and files.
    pub(crate) fn operator(&self) -> Person {
        let mut person = Person::at(&self.database_url, &self.broker_url);
        let files = self.folder.join("files").display().to_string();
        person.variables.push(("WAYBILL_FILES__URL", files));
        person
    }
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

    /// With database and broker, as the users that the addresses name.
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

    /// Starts a command, for a test that reads what it says while it runs.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let variables = self.variables.iter();
        let variables: Vec<_> = variables.map(|(name, value)| (*name, &**value)).collect();
        start(arguments, &variables)
    }

    pub(crate) fn says(&self, arguments: &[&str]) -> Answer {
        self.sends(arguments, "")
    }

    /// Runs it with something on its standard input; it never prints the key.
    pub(crate) fn sends(&self, arguments: &[&str], input: &str) -> Answer {
        let answer = feed(self.start(arguments), input);
        let said = format!("{}{}", answer.out, answer.err);
        let keys = self
            .variables
            .iter()
            .filter(|(name, _)| *name == "WAYBILL_CLIENT__KEY");
        for (_, key) in keys {
            assert!(!said.contains(key), "{said}");
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

    /// The same, where it succeeded.
    pub(crate) fn ok(self) -> Self {
        self.failed(0)
    }

    /// The same, where it ended with that code.
    pub(crate) fn failed(self, code: i32) -> Self {
        self.ended(code, &[])
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

    /// The same, where its output has that text.
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.out.contains(text),
            "{text:?} is not in\n{}{}",
            self.out,
            self.err
        );
        self
    }

    /// The same, where its errors have that text.
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(
            self.err.contains(text),
            "{text:?} is not in\n{}{}",
            self.err,
            self.out
        );
        self
    }
}

/// Runs a command with these variables and no others.
pub(crate) fn waybill(arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Answer {
    feed(start(arguments, variables), input)
}

fn feed(mut child: Child, input: &str) -> Answer {
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that does not read its input closes it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    Answer::of(child)
}

fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_waybill"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs")
}
