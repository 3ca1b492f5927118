//! The servers that all tests share: private ones, or those that `WAYBILL_TEST_SERVERS` names, to
//! test other versions. Its value is JSON:
//! `{"database_url": …, "amqp_url": …, "rabbitmqctl": ["docker", "exec", NAME, "rabbitmqctl"]}`;
//! the broker's user is `waybill`, and both must be empty.

use std::ops::Range;

use serde_json::Value;
use tokio::process::Command;
use waybill::dev::Servers;

pub(crate) enum Ours {
    Private(Box<Servers>),
    Named(Value),
}

impl Ours {
    #[expect(
        clippy::disallowed_methods,
        reason = "it says where the tests run, not how Waybill does"
    )]
    pub(crate) async fn start() -> Self {
        match std::env::var("WAYBILL_TEST_SERVERS") {
            Ok(named) => Self::Named(serde_json::from_str(&named).expect("JSON")),
            Err(_) => {
                let servers = Servers::start_temporary().await;
                Self::Private(Box::new(servers.expect("private servers")))
            }
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

    /// Creates virtual hosts `e2e_0`, `e2e_1` … in one go.
    pub(crate) async fn create_vhosts(&self, numbers: Range<usize>) {
        let all = "<<\".*\">>";
        let (first, last) = (numbers.start, numbers.end - 1);
        let program = format!(
            "[begin rabbit_vhost:add(V, <<\"e2e\">>), \
             rabbit_auth_backend_internal:set_permissions(<<\"waybill\">>, V, {all}, {all}, {all}, <<\"e2e\">>) end \
             || N <- lists:seq({first}, {last}), V <- [list_to_binary(\"e2e_\" ++ integer_to_list(N))]]."
        );
        self.ctl(&["eval", &program]).await;
    }

    /// Runs `rabbitmqctl`; returns what it printed.
    pub(crate) async fn ctl(&self, args: &[&str]) -> String {
        match self {
            Self::Private(servers) => servers.rabbitmq.ctl(args).await.expect("rabbitmqctl"),
            Self::Named(named) => {
                let words = named["rabbitmqctl"].as_array().expect("a command");
                let mut words = words.iter().map(|word| word.as_str().expect("a word"));
                let mut command = Command::new(words.next().expect("a program"));
                let ended = command.args(words).args(args).output().await;
                let ended = ended.expect("rabbitmqctl");
                assert!(ended.status.success(), "{args:?}");
                String::from_utf8(ended.stdout).expect("UTF-8")
            }
        }
    }
}

fn text(named: &Value, key: &str) -> String {
    named[key].as_str().expect(key).to_owned()
}
