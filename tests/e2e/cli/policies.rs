//! Limits of the broker, as `deploy/` sets them: what the doctor reports, and their effects.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Confirmation};
use waybill::broker::topology;

use crate::support::ground::{Ground, ctl, holds, run};

/// A substitute for rabbitmqctl: has a version, and records its commands.
const RECORDING: &str =
    "case $2 in version) echo $VERSION ;; *) shift; printf '%s\\n' \"$@\" '' ;; esac";

/// The rabbitmqctl commands of `permissions.sh policy` for a broker of that version.
fn commands(version: &str, vhost: &str, bytes: &str) -> Vec<Vec<String>> {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/deploy/rabbitmq/permissions.sh"
    );
    let recording =
        std::env::temp_dir().join(format!("waybill-recording-{}", uuid::Uuid::new_v4()));
    std::fs::write(&recording, RECORDING).unwrap();
    let output = Command::new("sh")
        .args([script, "-p", vhost, "-b", bytes, "policy"])
        .env("RABBITMQCTL", format!("sh {}", recording.display()))
        .env("VERSION", version)
        .output()
        .unwrap();
    std::fs::remove_file(recording).unwrap();
    assert!(output.status.success(), "{output:?}");
    let recorded = String::from_utf8(output.stdout).unwrap();
    let commands = recorded.split("\n\n").filter(|command| !command.is_empty());
    commands
        .map(|command| command.lines().map(str::to_owned).collect())
        .collect()
}

async fn run_script(ctl: impl AsyncFn(&[&str]) -> String, vhost: &str, bytes: &str) {
    let version = ctl(&["-s", "version"]).await;
    for command in commands(version.trim(), vhost, bytes) {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        ctl(&words).await;
    }
}

#[test]
fn the_dead_queue_has_no_delivery_limit_on_any_version() {
    let definition = |version: &str| {
        let commands = commands(version, "/", "1");
        let dead = commands
            .iter()
            .find(|words| words.contains(&"waybill-dead".to_owned()));
        dead.unwrap().last().unwrap().clone()
    };
    assert_eq!(definition("3.10.8"), r#"{"overflow": "reject-publish"}"#);
    assert_eq!(
        definition("4.1.0"),
        r#"{"delivery-limit": -1, "overflow": "reject-publish"}"#
    );
}

#[test]
fn waybill_dev_sets_the_same_policies_as_production() {
    run(async {
        let ground = Ground::own("policies-of-dev").await;
        let rabbitmq = &ground.servers.as_ref().unwrap().rabbitmq;
        let ctl = async |words: &[&str]| rabbitmq.ctl(words).await.unwrap();
        let list = ["list_policies", "-s", "-p", "/"];
        rabbitmq.set_policies("/").await.unwrap();
        let of_dev = ctl(&list).await;
        assert_eq!(of_dev.lines().count(), 2, "{of_dev}");
        for name in ["waybill", "waybill-dead"] {
            ctl(&["clear_policy", "-p", "/", name]).await;
        }
        run_script(ctl, "/", "1073741824").await;
        assert_eq!(ctl(&list).await, of_dev);
    });
}

#[test]
fn a_full_event_queue_rejects_publishes_and_dead_letters_without_loss() {
    Ground::test_empty("policies", async |ground| {
        let connection = ground.broker().await;
        topology::declare(&connection, 1).await.unwrap();
        // By default the broker retries after three minutes.
        let sooner =
            "application:set_env(rabbit, dead_letter_worker_publisher_confirm_timeout, 500).";
        ctl(&["eval", sooner]).await;
        let vhost = ground.vhost();
        run_script(ctl, &vhost, "3000").await;
        let names = ["list_queues", "-p", &vhost, "name", "policy"];
        let listed = ctl(&names).await;
        assert!(listed.contains("waybill.events.0\twaybill\n"), "{listed}");
        assert!(listed.contains("waybill.dead\twaybill-dead\n"), "{listed}");

        let channel = connection.channel().await.unwrap();
        let confirm = ConfirmSelectOptions::default();
        channel.confirm_select(confirm).await.unwrap();
        let mut refused = 0;
        for _ in 0..20 {
            let options = BasicPublishOptions::default();
            let (key, body) = ("upload.step".into(), [b'x'; 1_000]);
            let exchange = "waybill.events".into();
            let properties = BasicProperties::default();
            let publish = channel.basic_publish(exchange, key, options, &body, properties);
            let confirm = publish.await.unwrap().await.unwrap();
            refused += usize::from(matches!(confirm, Confirmation::Nack(_)));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let kept = topology::ready_count(&connection, "waybill.events.0").await;
        let kept = usize::try_from(kept.unwrap()).unwrap();
        assert_eq!(kept + refused, 20);
        assert!((3..=10).contains(&kept), "{kept}");

        reject_all(&ground, kept).await;
        let kept = u32::try_from(kept).unwrap();
        holds("the rejected messages", async || {
            ground.ready("waybill.dead").await == Some(kept)
        })
        .await;
    });
}

/// Rejects every message while the dead letter queue is unbound for a while.
async fn reject_all(ground: &Ground, count: usize) {
    let connection = ground.broker().await;
    let channel = connection.channel().await.unwrap();
    let unbind = channel.queue_unbind(
        "waybill.dead".into(),
        "waybill.dead".into(),
        "#".into(),
        Default::default(),
    );
    unbind.await.unwrap();
    for _ in 0..count {
        let get = channel.basic_get("waybill.events.0".into(), Default::default());
        let message = get.await.unwrap().unwrap();
        message.reject(Default::default()).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    topology::declare(&connection, 1).await.unwrap();
}

#[test]
fn the_doctor_tests_the_message_size_limit_and_reports_what_it_cannot_check() {
    Ground::test_migrated("sizes", async |ground| {
        let bytes = "ok    broker    accepts bodies of 2097152 bytes and refuses more than 8388608";
        ground
            .shows(&["doctor"], bytes)
            .says("note  broker    the policies of its queues were not checked");
        ground
            .waybill(&["doctor", "--set", "limits.body_bytes=512KiB"])
            .ok()
            .says("warn  broker    accepts bodies of more than 2097152 bytes")
            .says("set max_message_size = 1048576");
        ground
            .waybill(&["doctor", "--set", "limits.body_bytes=8MiB"])
            .failed(1)
            .says(
                "FAIL  broker    refuses bodies of 8388608 bytes, which limits.body_bytes allows",
            );
        let nowhere = "broker.management_url=http://monitor:hunter2@127.0.0.1:1";
        let answer = ground.waybill(&["doctor", "--set", nowhere]).ok();
        let answer = answer.says("warn  broker    the policies of its queues can't be read");
        assert!(!answer.out.contains("hunter2"), "{}", answer.out);
    });
}

#[test]
fn private_servers_use_the_production_settings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = std::fs::read_to_string(root.join("deploy/rabbitmq/waybill.conf")).unwrap();
    assert!(settings.contains("max_message_size = 4194304\n"));
    let compose = std::fs::read_to_string(root.join("docker-compose.yml")).unwrap();
    assert!(compose.contains("./deploy/rabbitmq/waybill.conf:/etc/rabbitmq/conf.d/"));
}
