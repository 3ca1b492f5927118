//! Commands that need no server, or can't reach one.

use crate::support::command::waybill;

const NOWHERE: [(&str, &str); 2] = [
    ("DATABASE_URL", "postgres://w:hunter2@127.0.0.1:1/w"),
    ("AMQP_URL", "amqp://w:hunter2@127.0.0.1:1/%2f"),
];

#[test]
fn help_shows_examples_and_exit_codes_and_no_environment_values() {
    let help = waybill(&["--help"], &NOWHERE, "")
        .ok()
        .says("Examples:")
        .says("Exit codes:");
    assert!(!help.out.contains("hunter2"));
    waybill(&["watch", "--help"], &[], "")
        .ok()
        .says("13 it did not end within");
    waybill(&["get", "--help"], &[], "")
        .ok()
        .says("waiting_for");
    waybill(&["--version"], &[], "").ok().says("waybill ");
    waybill(&["completions", "bash"], &[], "")
        .ok()
        .says("waybill");
    waybill(&["schema"], &[], "").ok().says("upload.received");
    waybill(&["schema", "stage.entered"], &[], "")
        .ok()
        .says("data_id");
    waybill(&["schema", "upload.exploded"], &[], "").failed(4);
}

#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let arguments = ["config", "--set", "batch.events=500"];
    let config = waybill(&arguments, &NOWHERE, "").ok();
    let config = config.says("batch.events = 500  (flag batch.events)");
    let config = config.says("environment DATABASE_URL");
    assert!(!config.out.contains("hunter2"), "{}", config.out);
}

#[test]
fn wrong_usage_and_settings_end_with_2_and_name_every_fault() {
    waybill(&["nonsense"], &[], "").failed(2);
    waybill(&["dead", "replay"], &NOWHERE, "").failed(2);
    let faults = waybill(&["config", "--set", "batch.events=0"], &[], "").failed(2);
    faults
        .complains("error: ")
        .complains("database.url")
        .complains("broker.url")
        .complains("batch.events");
}

#[test]
fn a_command_requires_only_the_servers_it_uses() {
    let [database, broker] = NOWHERE;
    let only = |arguments: &[&str], used, unused, name: &str| {
        let tried = waybill(arguments, &[used], "").failed(1);
        tried.complains(&format!("check {name}"));
        let refused = waybill(arguments, &[unused], "").failed(2);
        let refused = refused.complains(&format!("{name}: is required: set WAYBILL_"));
        assert!(refused.err.contains("have a fault"), "{}", refused.err);
    };
    let workflow = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/workflows/invoice.toml"
    );
    for arguments in [
        &["migrate"][..],
        &["dead", "list"],
        &["workflow", "list"],
        &["workflow", "apply", workflow],
        &["key", "create", "--tenant", "acme", "--scope", "read"],
        &["key", "list"],
        &["key", "revoke", "0123456789ab"],
    ] {
        only(arguments, database, broker, "database.url");
    }
    only(&["publish", "-"], broker, database, "broker.url");
    for arguments in [&["run"][..], &["config"], &["dead", "replay", "--all"]] {
        let refused = waybill(arguments, &[], "").failed(2);
        refused
            .complains("database.url: is")
            .complains("broker.url: is");
    }
    waybill(&["migrate", "--set", "broker.url=x"], &[database], "")
        .failed(2)
        .complains("broker.url (flag broker.url)");
}

#[test]
fn unreachable_servers_are_an_error_with_a_remedy_and_without_secrets() {
    for arguments in [&["migrate"][..], &["dead", "list"]] {
        let answer = waybill(arguments, &NOWHERE, "")
            .failed(1)
            .complains("check database.url");
        assert!(!answer.err.contains("hunter2"), "{}", answer.err);
        assert_eq!(answer.err.lines().count(), 1, "{}", answer.err);
    }
    waybill(&["publish", "-"], &NOWHERE, "")
        .failed(1)
        .complains("check broker.url");
    let doctor = waybill(&["doctor"], &NOWHERE, "").failed(1);
    let doctor = doctor.says("FAIL  database").says("FAIL  broker");
    assert!(!doctor.out.contains("hunter2"), "{}", doctor.out);
    waybill(&["doctor"], &[], "")
        .failed(1)
        .says("FAIL  settings");
}

#[test]
fn a_closed_output_pipe_ends_the_command_quietly() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_waybill"))
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
