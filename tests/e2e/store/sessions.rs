//! What a connection sends when it starts, which server it chooses, and which sessions are refused.

use std::path::Path;
use std::time::Duration;

use waybill::config::DatabaseSettings;
use waybill::dev::Postgres;
use waybill::store::admin::fitness::Writes;
use waybill::store::{Store, StoreError};

use crate::store::server::{folder, settings};
use crate::support::ground::Session;

async fn server(folder: &Path, name: &str) -> Postgres {
    Postgres::start(&folder.join(name)).await.unwrap()
}

/// Runs SQL as a client of its own.
async fn execute(url: &str, text: &str) {
    let session = Session::open(url).await;
    for statement in text.split(';') {
        session.execute(statement).await;
    }
}

/// The value of a setting after everything that statements have set is undone.
async fn setting(settings: &DatabaseSettings, name: &str) -> Result<String, StoreError> {
    let connection = Store::new(settings)?.connection().await?;
    connection.batch_execute("reset all").await?;
    let row = connection
        .query_one("select current_setting($1)", &[&name])
        .await?;
    Ok(row.get(0))
}

#[tokio::test]
async fn settings_are_sent_at_startup_and_those_of_the_url_win() {
    let folder = folder();
    let server = server(&folder, "server").await;
    execute(
        &server.url(),
        "alter role waybill set synchronous_commit = off;
         alter role waybill set default_transaction_isolation = 'repeatable read'",
    )
    .await;
    let plain = settings(&server.url());
    for (name, value) in [
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("synchronous_commit", "on"),
        ("default_transaction_isolation", "read committed"),
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("application_name", "waybill"),
    ] {
        assert_eq!(setting(&plain, name).await.unwrap(), value, "{name}");
    }

    let own = "-c%20statement_timeout%3D7s%20--synchronous-commit%3Dlocal%20-c%20work_mem%3D9MB";
    let own = settings(&format!("{}?options={own}", server.url()));
    for (name, value) in [
        ("statement_timeout", "7s"),
        ("synchronous_commit", "local"),
        ("work_mem", "9MB"),
        ("lock_timeout", "10s"),
    ] {
        assert_eq!(setting(&own, name).await.unwrap(), value, "{name}");
    }

    for (option, complaint) in [
        ("-c%20synchronous_commit%3Doff", "synchronous_commit is off"),
        (
            "-c%20default_transaction_isolation%3Dserializable",
            "default_transaction_isolation is serializable",
        ),
    ] {
        let url = format!("{}?options={option}", server.url());
        let error = setting(&settings(&url), "work_mem").await;
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::Unfit(_)), "{error}");
        assert!(error.to_string().contains(complaint), "{error}");
        assert!(error.is_misfit());
    }
    server.stop().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Two servers with the same password, as a primary and its standby have.
struct Pair {
    login: String,
    first: Postgres,
    second: Postgres,
}

impl Pair {
    async fn start(folder: &Path) -> Self {
        let (first, second) = (
            server(folder, "first").await,
            server(folder, "second").await,
        );
        let url: tokio_postgres::Config = first.url().parse().unwrap();
        let password = String::from_utf8(url.get_password().unwrap().to_vec()).unwrap();
        let same = format!("alter role waybill password '{password}'");
        execute(&second.url(), &same).await;
        Self {
            login: format!("waybill:{password}"),
            first,
            second,
        }
    }

    fn url(&self) -> String {
        let (login, a, b) = (&self.login, self.first.port(), self.second.port());
        format!("postgres://{login}@127.0.0.1:{a},127.0.0.1:{b}/waybill")
    }

    async fn read_only(&self, server: &Postgres, value: &str) {
        let (login, port) = (&self.login, server.port());
        let admin = format!(
            "postgres://{login}@127.0.0.1:{port}/waybill?options=-c%20default_transaction_read_only%3Doff"
        );
        let set = format!("alter system set default_transaction_read_only = {value}");
        execute(&admin, &format!("{set};select pg_reload_conf()")).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// The ports of `count` simultaneous connections.
async fn ports(store: &Store, count: usize) -> Vec<i32> {
    let (mut connections, mut ports) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let connection = store.connection().await.unwrap();
        let row = connection.query_one("select inet_server_port()", &[]).await;
        ports.push(row.unwrap().get(0));
        connections.push(connection);
    }
    ports
}

#[tokio::test]
async fn the_writable_server_of_several_is_used_also_after_a_failover() {
    let folder = folder();
    let pair = Pair::start(&folder).await;
    let both = pair.url();
    let (a, b) = (i32::from(pair.first.port()), i32::from(pair.second.port()));
    pair.read_only(&pair.first, "on").await;
    let store = Store::new(&settings(&both)).unwrap();
    assert_eq!(ports(&store, 4).await, [b; 4]);
    assert_eq!(store.writes().await.unwrap(), Writes::Accepted);

    // A reader accepts any server, and the URL's own setting wins.
    let reading = Store::replica(&settings(&both)).unwrap();
    assert_eq!(ports(&reading, 2).await, [a; 2]);
    assert_eq!(reading.writes().await.unwrap(), Writes::ReadOnly);
    let any = format!("{both}?target_session_attrs=any");
    let any = Store::new(&settings(&any)).unwrap();
    assert_eq!(ports(&any, 2).await, [a; 2]);

    pair.read_only(&pair.second, "on").await;
    pair.read_only(&pair.first, "off").await;
    assert_eq!(store.writes().await.unwrap(), Writes::ReadOnly);
    let used = store.connection().await.unwrap();
    store.renew();
    assert_eq!(ports(&store, 3).await, [a; 3]);
    drop(used);
    assert_eq!(ports(&store, 5).await, [a; 5]);
    assert_eq!(store.writes().await.unwrap(), Writes::Accepted);
    pair.first.stop().await.unwrap();
    pair.second.stop().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}
