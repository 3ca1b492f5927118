//! PgBouncer between Waybill and PostgreSQL: refused with a remedy if it would lose settings or
//! prepared statements of a session, used otherwise.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::support::command::{Answer, User};
use crate::support::ground::{Ground, execute};

/// Where Debian has it, outside of the path of ordinary users.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

struct Pooler {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Pooler {
    async fn start(ground: &Ground, name: &str, settings: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let folder = std::env::temp_dir().join(format!("waybill-{name}-{port}"));
        std::fs::create_dir(&folder).unwrap();
        let url: tokio_postgres::Config = ground.database_url.parse().unwrap();
        let password = std::str::from_utf8(url.get_password().unwrap()).unwrap();
        let config = format!(
            "[databases]\n\
             * = host=127.0.0.1 port={} user={} password={password}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\n{settings}\n",
            url.get_ports().first().unwrap(),
            url.get_user().unwrap(),
        );
        let file = folder.join("pgbouncer.ini");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(PROGRAM);
        if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
            // It refuses to run as root.
            command.args(["-u", "postgres"]);
        }
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let child = command.arg(&file).stdin(Stdio::null()).stderr(log).spawn();
        let pooler = Self {
            child: child.unwrap(),
            port,
            folder,
        };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return pooler;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{:?}", std::fs::read_to_string(pooler.folder.join("log")));
    }

    fn url(&self, ground: &Ground) -> String {
        let (port, database) = (self.port, ground.vhost());
        format!("postgres://waybill:any@127.0.0.1:{port}/{database}")
    }

    /// Leaves prepared statements with usual names on a server process.
    async fn leave_statements(&self, ground: &Ground) {
        let prepare = |number| format!("prepare s{number} as select 1;");
        let prepare: String = (0..20).map(prepare).collect();
        execute(&self.url(ground), &prepare).await;
    }

    /// Runs the program through it.
    fn waybill(&self, ground: &Ground, arguments: &[&str]) -> Answer {
        let url = self.url(ground);
        let user = User::of(&[
            ("DATABASE_URL", &url),
            ("AMQP_URL", &ground.broker_url),
            ("WAYBILL_OPS__LISTEN", "127.0.0.1:0"),
            ("WAYBILL_HTTP__LISTEN", "127.0.0.1:0"),
            ("WAYBILL_FILES__URL", self.folder.to_str().unwrap()),
        ]);
        user.says(arguments)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // Nothing of it may be left, whatever the outcome.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_pooler_that_refuses_or_ignores_startup_settings_is_reported_with_a_remedy() {
    Ground::test_migrated("pooler_options", async |ground| {
        let refusing = Pooler::start(&ground, "refusing", "pool_mode = session").await;
        let ignoring = Pooler::start(
            &ground,
            "ignoring",
            "pool_mode = session\nignore_startup_parameters = options",
        )
        .await;
        for (pooler, complaint) in [
            (
                &refusing,
                "a pooler refuses the settings sent when a connection starts",
            ),
            (
                &ignoring,
                "the settings sent when a connection starts do not reach the server",
            ),
        ] {
            for command in ["run", "migrate"] {
                pooler
                    .waybill(&ground, &[command])
                    .failed(1)
                    .complains(complaint)
                    .complains("connect to PostgreSQL itself");
            }
            pooler
                .waybill(&ground, &["doctor"])
                .failed(1)
                .says("FAIL  database")
                .says(complaint)
                .says("connect to PostgreSQL itself");
        }
    });
}

#[test]
fn a_pooler_in_transaction_mode_is_refused_and_one_in_session_mode_is_used() {
    Ground::test_migrated("pooler_modes", async |ground| {
        // As docs/operate/production.md says for poolers in session mode.
        ground
            .execute(&format!(
                "alter database {} set waybill.session = '1'",
                ground.vhost()
            ))
            .await;
        let ignore = "ignore_startup_parameters = options";
        let session = format!("pool_mode = session\n{ignore}");
        let session = Pooler::start(&ground, "session", &session).await;
        session
            .waybill(&ground, &["doctor"])
            .ok()
            .says("has every privilege that it needs");
        // With one server process, two connections always share it.
        let shared = "pool_mode = transaction\ndefault_pool_size = 1";
        let transaction = format!("{shared}\n{ignore}");
        let transaction = Pooler::start(&ground, "transaction", &transaction).await;
        transaction
            .waybill(&ground, &["run"])
            .failed(1)
            .complains("a pooler in transaction mode is in between")
            .complains("connect to PostgreSQL itself");
        transaction
            .waybill(&ground, &["doctor"])
            .failed(1)
            .says("FAIL  database")
            .says("a pooler in transaction mode is in between");
        let transaction = format!("pool_mode = transaction\n{ignore}");
        let used = Pooler::start(&ground, "used", &transaction).await;
        used.leave_statements(&ground).await;
        used.waybill(&ground, &["run"])
            .failed(1)
            .complains("a pooler in transaction mode is in between");
    });
}
