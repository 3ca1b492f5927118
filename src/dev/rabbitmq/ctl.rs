//! Runs `rabbitmqctl` against a private server.

use std::{ffi::OsString, io, path::Path, process::Stdio, time::Duration};

use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

use super::super::{DevError, account::Account, guard::PATH};

/// One call takes a second or two, more on a busy machine.
const CALL_MAX: Duration = Duration::from_secs(60);

/// What `rabbitmqctl` needs to reach the server.
pub(super) struct Ctl {
    command: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
}

impl Ctl {
    /// The tool beside the server's scripts, run as the server's user in its environment.
    pub(super) fn new(
        scripts: &Path,
        account: Account,
        environment: Vec<(&'static str, OsString)>,
    ) -> Self {
        let mut command = account.prefix();
        command.push(scripts.join("rabbitmqctl").into());
        Self {
            command,
            environment,
        }
    }

    /// Runs one command, with `input` as its standard input, and answers with what it printed.
    pub(super) async fn run(&self, args: &[&str], input: &[u8]) -> Result<String, DevError> {
        let failed = |output: &str| DevError::Ctl {
            command: args.first().copied().unwrap_or_default().to_owned(),
            output: output.trim().to_owned(),
        };
        let call = self.call(args, input);
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

    async fn call(&self, args: &[&str], input: &[u8]) -> io::Result<std::process::Output> {
        let (program, prefix) = self
            .command
            .split_first()
            .ok_or(io::ErrorKind::InvalidInput)?;
        let mut child = Command::new(program)
            .args(prefix)
            .args(args)
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that wants no input may be gone before it is written.
            let _ = stdin.write_all(input).await;
        }
        child.wait_with_output().await
    }
}
