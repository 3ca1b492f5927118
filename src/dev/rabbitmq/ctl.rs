//! Runs `rabbitmqctl` against a private server.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tokio::{process::Command, time::timeout};
use uuid::Uuid;

use crate::dev::account::Account;
use crate::dev::guard::PATH;
use crate::dev::{DevError, folder};

/// One call takes a second or two, more on a busy machine.
const CALL_MAX: Duration = Duration::from_secs(60);

/// What `rabbitmqctl` needs to reach the server.
pub(super) struct Ctl {
    command: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
    account: Account,
    /// The server's folder.
    home: PathBuf,
}

impl Ctl {
    /// `rabbitmqctl` from the server's scripts, run as the server's user in its environment.
    pub(super) fn new(
        scripts: &Path,
        home: &Path,
        account: Account,
        environment: Vec<(&'static str, OsString)>,
    ) -> Self {
        let mut command = account.prefix();
        command.push(scripts.join("rabbitmqctl").into());
        Self {
            command,
            environment,
            account,
            home: home.to_owned(),
        }
    }

    /// Imports definitions, from a file: `rabbitmqctl` of 3.13 to 4.0.5 hangs when it reads them
    /// from its standard input.
    pub(super) async fn import(&self, definitions: &Value) -> Result<(), DevError> {
        let name = format!("definitions-{}.json", Uuid::new_v4().simple());
        let file = self.home.join(name);
        folder::write_private(&file, &definitions.to_string(), self.account)?;
        let path = file.display().to_string();
        let imported = self.run(&["import_definitions", &path]).await;
        // A file that can't be removed is removed with the folder.
        let _ = fs::remove_file(&file);
        imported.map(drop)
    }

    /// Runs one command and returns its output.
    pub(super) async fn run(&self, args: &[&str]) -> Result<String, DevError> {
        let failed = |output: &str| DevError::Ctl {
            command: args.first().copied().unwrap_or_default().to_owned(),
            output: output.trim().to_owned(),
        };
        let call = self.call(args);
        let output = timeout(CALL_MAX, call)
            .await
            .map_err(|_| failed("no answer in time"))?
            .map_err(|source| DevError::Run {
                program: "rabbitmqctl",
                source,
            })?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(failed(&String::from_utf8_lossy(&output.stderr)))
        }
    }

    async fn call(&self, args: &[&str]) -> io::Result<std::process::Output> {
        let (program, prefix) = self
            .command
            .split_first()
            .ok_or(io::ErrorKind::InvalidInput)?;
        let child = Command::new(program)
            .args(prefix)
            .args(args)
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        child.wait_with_output().await
    }
}
