//! What the tests stand on: servers, a database and a virtual host, and the program itself.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};
use waybill::dev::Servers;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static SERVERS: OnceCell<Servers> = OnceCell::const_new();

/// Where one test works.
pub(crate) struct Ground {
    pub(crate) database_url: String,
    pub(crate) amqp_url: String,
    /// A folder of its own.
    files: String,
}

/// How the program ended.
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `rabbitmqctl`, within a test.
pub(crate) async fn ctl(arguments: &[&str]) {
    ctl_answer(arguments).await;
}

/// Sets the policies that `waybill dev` sets, within a test.
pub(crate) async fn set_policies(vhost: &str) {
    let servers = SERVERS.get().unwrap();
    servers.rabbitmq.set_policies(vhost).await.unwrap();
}

/// The same, with what it printed.
pub(crate) async fn ctl_answer(arguments: &[&str]) -> String {
    let servers = SERVERS.get().unwrap();
    servers.rabbitmq.ctl(arguments).await.unwrap()
}

/// Runs a test on the one runtime that the servers live on.
pub(crate) fn on_ground(name: &str, test: impl AsyncFnOnce(Ground)) {
    RUNTIME.block_on(async {
        let servers = SERVERS
            .get_or_init(async || Servers::start_temporary().await.unwrap())
            .await;
        let url = servers.postgres.url();
        let client = client(&url).await;
        client
            .batch_execute(&format!("create database {name}"))
            .await
            .unwrap();
        let (server, _) = url.rsplit_once('/').unwrap();
        let ground = Ground {
            database_url: format!("{server}/{name}"),
            amqp_url: servers.rabbitmq.add_vhost(name).await.unwrap(),
            files: format!("{}/cli-files/{name}", env!("CARGO_TARGET_TMPDIR")),
        };
        test(ground).await;
    });
}

impl Ground {
    /// Runs the program.
    pub(crate) fn waybill(&self, arguments: &[&str]) -> Answer {
        self.waybill_with(arguments, "")
    }

    /// Runs the program with something on its standard input.
    pub(crate) fn waybill_with(&self, arguments: &[&str], input: &str) -> Answer {
        run(arguments, &self.variables(), input)
    }

    /// Starts the program, for a test that reads what it says while it runs.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        start(arguments, &self.variables())
    }

    fn variables(&self) -> [(&str, &str); 3] {
        [
            ("DATABASE_URL", &self.database_url),
            ("AMQP_URL", &self.amqp_url),
            ("WAYBILL_FILES__URL", &self.files),
        ]
    }

    /// Runs SQL.
    pub(crate) async fn sql(&self, text: &str) {
        client(&self.database_url)
            .await
            .batch_execute(text)
            .await
            .unwrap();
    }

    /// Counts rows.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let client = client(&self.database_url).await;
        let text = format!("select count(*) from waybill.{table}");
        client.query_one(&text, &[]).await.unwrap().get(0)
    }
}

impl Answer {
    /// The same, where it went well.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self
    }

    /// The same, where it ended with that code.
    pub(crate) fn failed(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
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

/// Runs the program with these variables and no others.
pub(crate) fn run(arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Answer {
    let mut child = start(arguments, variables);
    let mut stdin = child.stdin.take().unwrap();
    // A program that does not read its input closes it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
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
        .unwrap()
}

pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends with the client that the test holds"
    )]
    tokio::spawn(connection);
    client
}
