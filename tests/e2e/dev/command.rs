//! `waybill dev` as a newcomer uses it: one command, the examples, and nothing left behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::ground::assert_contains;
use crate::support::python::python;

/// Longer than the servers take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

struct Dev {
    child: Child,
    folder: PathBuf,
    addresses: Value,
}

impl Dev {
    fn start(folder: &Path) -> Self {
        let ready = folder.join("ready.json");
        let child = Command::new(env!("CARGO_BIN_EXE_waybill"))
            .arg("dev")
            .arg("--folder")
            .arg(folder.join("servers"))
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while !ready.exists() {
            assert!(began.elapsed() < PATIENCE, "it was never ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self {
            child,
            folder: folder.to_owned(),
            addresses: serde_json::from_slice(&fs::read(ready).unwrap()).unwrap(),
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let url = |name: &str| self.addresses.get(name).and_then(Value::as_str).unwrap();
        Command::new(program)
            .args(arguments)
            .env("AMQP_URL", url("amqp_url"))
            .env("DATABASE_URL", url("database_url"))
            .env("HTTP_URL", url("http_url"))
            .env("API_KEY", url("api_key"))
            .env("WAYBILL_CLIENT__URL", url("http_url"))
            .env("WAYBILL_CLIENT__KEY", url("api_key"))
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"))
            .output()
            .unwrap()
    }

    fn example(&self, arguments: &[&str]) -> String {
        let output = self.run(python("pika"), arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Follows a process until it ends; returns the exit code.
    fn watch(&self, token: &str) -> Option<i32> {
        let waybill = env!("CARGO_BIN_EXE_waybill");
        let output = self.run(waybill, &["watch", token.trim(), "--timeout", "30s"]);
        output.status.code()
    }

    fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        assert!(self.child.wait().unwrap().success());
        let servers = self.folder.join("servers");
        let left = crate::dev::processes::processes_of(&servers);
        assert!(left.is_empty(), "still there: {left:?}");
        assert!(!self.folder.join("ready.json").exists());
    }
}

impl Drop for Dev {
    /// A failed test leaves nothing running either.
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_examples_run_with_waybill_dev_and_its_data_survives_a_restart() {
    let name = format!("waybill-dev-command-{}", uuid::Uuid::new_v4().simple());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir(&folder).unwrap();
    Command::new("chmod")
        .arg("755")
        .arg(&folder)
        .status()
        .unwrap();

    let dev = Dev::start(&folder);
    let token = dev.example(&["publish_upload.py", "--items", "3", "--failed", "1"]);
    assert_eq!(dev.watch(&token), Some(10), "one of three items failed");
    for mode in ["binary", "structured"] {
        let token = dev.example(&["publish_cloudevents.py", "--mode", mode]);
        assert_eq!(dev.watch(&token), Some(0), "{mode}");
    }
    let answer = dev.example(&["request_reply.py"]);
    assert!(answer.contains("done"), "{answer}");
    for (file, token, code) in [
        ("events/upload-warning.jsonl", "example-warning", 10),
        ("events/out-of-order.jsonl", "example-out-of-order", 0),
    ] {
        let published = dev.run(env!("CARGO_BIN_EXE_waybill"), &["publish", file]);
        assert!(published.status.success(), "{published:?}");
        assert_eq!(dev.watch(token), Some(code));
    }
    dev.stop();

    let again = Dev::start(&folder);
    assert_eq!(again.watch(&token), Some(10), "its data is back");
    let answer = again.example(&["get_process.py", token.trim()]);
    assert!(answer.starts_with("warning\t"), "{answer}");
    assert_contains(&answer, "invoice-1\tthe total is not readable");
    again.stop();
    fs::remove_dir_all(&folder).unwrap();
}
