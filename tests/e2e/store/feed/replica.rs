//! A second server from a first one: as its replica, or recovered to an earlier moment.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::store::server::{self, Server};

/// $1 the first folder  $2 the second one  $3 where the server answers  $4 what the copy is to do;
/// its settings come on standard input.
const COPY: &str = r#"set -e
mkdir -m 700 "$2/postgres"
cp "$1/postgres/password" "$2/postgres/password"
pg_basebackup --pgdata="$2/postgres/data" --dbname="$3" --checkpoint=fast --wal-method=stream
cat >>"$2/postgres/data/postgresql.auto.conf"
touch "$2/postgres/data/$4.signal"
chown -R --reference="$1/postgres" "$2/postgres"
"#;

/// A folder with a base backup, ready to start.
pub(crate) struct Backup(std::path::PathBuf);

impl Server {
    /// A backup of now; the copy follows this server.
    pub(crate) async fn replica(&self) -> Server {
        let url = self.server.url();
        let settings = format!("primary_conninfo = '{url}?application_name=replica'\n");
        let backup = self.back_up("standby", &settings);
        let replica = Server::on(backup.0).await;
        let streaming = "select count(*) from pg_stat_replication where state = 'streaming'";
        self.becomes(streaming, "1").await;
        replica
    }

    /// A backup of now, to be recovered to a later moment.
    pub(crate) fn back_up(&self, signal: &str, settings: &str) -> Backup {
        let folder = server::folder();
        let mut copying = Command::new("/bin/sh")
            .args(["-c", COPY, "copy"])
            .args([&self.folder, &folder])
            .args([&self.server.url(), signal])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = copying.stdin.take().unwrap();
        input.write_all(settings.as_bytes()).unwrap();
        drop(input);
        assert!(copying.wait().unwrap().success());
        Backup(folder)
    }

    /// Where the log of this server ends.
    pub(crate) async fn position(&self) -> String {
        self.value("select pg_current_wal_lsn()").await
    }

    /// From now on no commit returns before it is on the replica's disk.
    pub(crate) async fn waits_for(&self, replica: &Server) {
        self.is_followed_by(replica).await;
        for setting in [
            "alter system set synchronous_standby_names = 'replica'",
            "select pg_reload_conf()",
        ] {
            self.execute(setting).await;
        }
        let state = "select min(sync_state) from pg_stat_replication";
        self.becomes(state, "sync").await;
    }

    /// Waits until a replica has all that was written here so far.
    pub(crate) async fn is_followed_by(&self, replica: &Server) {
        let reached = format!(
            "select pg_last_wal_replay_lsn() >= '{}'::pg_lsn",
            self.position().await
        );
        replica.becomes(&reached, "true").await;
    }

    /// Disconnects it from its primary.
    pub(crate) async fn cut_off(&self) {
        self.execute("alter system set primary_conninfo = ''").await;
        self.execute("select pg_reload_conf()").await;
        let receiving = "select count(*) from pg_stat_wal_receiver";
        self.becomes(receiving, "0").await;
    }

    /// Kills the primary and promotes this one.
    pub(crate) async fn promote(&self, primary: &mut Server) {
        primary.server.kill().await.unwrap();
        assert_eq!(self.value("select pg_promote()").await, "true");
    }
}

impl Backup {
    /// Starts on it and replays the log of the first server up to a position.
    pub(crate) async fn recover(self, from: &Server, position: &str) -> Server {
        let log = from.folder.join("postgres/data/pg_wal");
        let settings = format!(
            "restore_command = 'cp {}/%f %p'\nrecovery_target_lsn = '{position}'\n\
             recovery_target_action = 'promote'\n",
            log.display()
        );
        let file = self.0.join("postgres/data/postgresql.auto.conf");
        let mut file = std::fs::OpenOptions::new().append(true).open(file).unwrap();
        file.write_all(settings.as_bytes()).unwrap();
        let ground = Server::on(self.0).await;
        ground.becomes("select pg_is_in_recovery()", "false").await;
        ground
    }
}
