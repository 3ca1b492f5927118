//! Commands that need no server, or can't reach one.

use crate::support::command::User;

const NOWHERE: [(&str, &str); 2] = [
    ("DATABASE_URL", "postgres://w:hunter2@127.0.0.1:1/w"),
    ("AMQP_URL", "amqp://w:hunter2@127.0.0.1:1/%2f"),
];

#[test]
fn help_shows_examples_and_exit_codes_and_no_environment_values() {
    let help = User::of(&NOWHERE).shows(&["--help"], "Examples:");
    let help = help.says("Exit codes:");
    assert!(!help.out.contains("hunter2"));
    let user = User::of(&[]);
    user.shows(&["watch", "--help"], "13 it did not end within");
    user.shows(&["get", "--help"], "waiting_for");
    user.shows(&["--version"], "waybill ");
    user.shows(&["completions", "bash"], "waybill");
    user.shows(&["schema"], "upload.received");
    user.shows(&["schema", "stage.entered"], "data_id");
    user.says(&["schema", "upload.exploded"]).failed(4);
}

#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let arguments = ["config", "--set", "batch.events=500"];
    let words = "batch.events = 500  (flag batch.events)";
    let config = User::of(&NOWHERE).shows(&arguments, words);
    let config = config.says("environment DATABASE_URL");
    assert!(!config.out.contains("hunter2"), "{}", config.out);
}

#[test]
fn wrong_usage_and_settings_end_with_2_and_name_every_fault() {
    let user = User::of(&[]);
    user.says(&["nonsense"]).failed(2);
    User::of(&NOWHERE).says(&["dead", "replay"]).failed(2);
    user.refuses(&["config", "--set", "batch.events=0"], 2, "error: ")
        .complains("database.url")
        .complains("broker.url")
        .complains("batch.events");
}

#[test]
fn a_command_requires_only_the_servers_it_uses() {
    let [database, broker] = NOWHERE;
    let only = |arguments: &[&str], used, unused, name: &str| {
        User::of(&[used]).refuses(arguments, 1, &format!("check {name}"));
        let required = format!("{name}: is required: set WAYBILL_");
        let refused = User::of(&[unused]).refuses(arguments, 2, &required);
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
        let refused = User::of(&[]).refuses(arguments, 2, "database.url: is");
        refused.complains("broker.url: is");
    }
    let migrate = ["migrate", "--set", "broker.url=x"];
    User::of(&[database]).refuses(&migrate, 2, "broker.url (flag broker.url)");
}

#[test]
fn unreachable_servers_are_an_error_with_a_remedy_and_without_secrets() {
    let user = User::of(&NOWHERE);
    for arguments in [&["migrate"][..], &["dead", "list"]] {
        let answer = user.refuses(arguments, 1, "check database.url");
        assert!(!answer.err.contains("hunter2"), "{}", answer.err);
        assert_eq!(answer.err.lines().count(), 1, "{}", answer.err);
    }
    user.refuses(&["publish", "-"], 1, "check broker.url");
    let doctor = user.says(&["doctor"]).failed(1);
    let doctor = doctor.says("FAIL  database").says("FAIL  broker");
    assert!(!doctor.out.contains("hunter2"), "{}", doctor.out);
    let doctor = User::of(&[]).says(&["doctor"]);
    doctor.failed(1).says("FAIL  settings");
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
