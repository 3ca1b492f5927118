//! The permissions that `deploy/rabbitmq/permissions.sh` grants: enough for each role, and for
//! nothing else.

use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;
use waybill::domain::access::Scope;

use super::database_roles::{RUN, login};
use crate::http::processes::keyed;
use crate::support::channel::open;
use crate::support::command::User;
use crate::support::forbidden_operations::Operation::{Bind, Declare, Delete, Get, Publish};
use crate::support::forbidden_operations::assert_refused;

use crate::support::address::password;
use crate::support::ground::{Ground, ctl, reaches};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::Recorder;
use crate::support::scenario::Scenario;
use crate::support::story::stories;
use crate::support::worker::stop_all;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/deploy/rabbitmq/permissions.sh"
);
/// A consumer's queues.
const ALL: &str = "rights-consumer.all";
const REPLIES: &str = "reply.rights-consumer.all";
/// A substitute for rabbitmqctl: knows the virtual host and no user, and records its commands.
const RECORDING: &str = "[ $1 != -s ] || shift; \
                      case $1 in list_vhosts) echo /; echo $VHOST ;; list_users) ;; version) echo 3.10.8 ;; \
                      *) printf '%s\\n' \"$@\" '' >>$NOTES; cat >/dev/null ;; esac";

#[test]
fn each_role_works_with_its_own_permissions_and_no_others() {
    Ground::test("rights", async |ground| {
        bare(&ground).await;
        let users = Users::new(&ground).await;
        let plan = ground.plan().with("broker.partitions", "2");
        let plan = plan.with("tenancy.mode", "shared");
        let consuming = plan.clone().with("broker.url", &users.worker);
        let publishing = plan.with("broker.url", &users.publisher);
        let workers = vec![
            consuming.roles("worker").start().await,
            publishing.roles("relay,janitor").start().await,
        ];
        let mut scenario = Scenario {
            producer: Producer::at(&users.producer),
            recorder: users.recorder(ALL, Some("waybill.completions")).await,
            ground,
        };
        let replies = users.recorder(REPLIES, None).await;
        let openings = stories("rights", 14).into_iter().map(|event| {
            let message = Message::event(&event);
            message.having(|properties| properties.with_reply_to(REPLIES.into()))
        });
        scenario.publish(openings.collect()).await;
        scenario.until_idle().await;
        replies.tokens(14).await;
        submit(&scenario.ground, &users.api).await;
        let add = ["tenant", "add", "acme", "--own-queue"];
        scenario.ground.waybill(&add).ok();
        serves_acme(&scenario.ground).await;
        stop_all(workers).await;
        // With fewer queues again the exchange that spread the events is deleted.
        let less = scenario.plan().with("broker.url", &users.worker);
        less.roles("worker").start().await.stop().await;
        users.have_no_other_permissions().await;
    });
}

#[test]
fn one_user_for_all_roles_and_commands_has_no_access_to_other_names() {
    Ground::test("rights-all", async |ground| {
        bare(&ground).await;
        let all = user(&ground, "all").await;
        let worker = ground.plan().with("broker.url", &all).start().await;
        let user = User::at(&login(&ground.database_url, RUN), &all);
        let doctor = user.says(&["doctor"]);
        doctor.ended(
            0,
            &["may configure, write and read waybill.*", "all 7 exchanges"],
        );
        let line = json!({"id": "1", "source": "rights", "type": "upload.received", "token": "one",
                          "time": "2026-01-31T12:00:00Z", "data": {}});
        let published = user.sends(&["publish", "-"], &line.to_string());
        published.ended(0, &[]);
        reaches(&ground, "process where status = 'running'", 1).await;
        let added = user.says(&["tenant", "add", "acme", "--own-queue"]);
        added.ended(0, &["its events go to queue waybill.events.tenant.acme"]);
        serves_acme(&ground).await;
        user.says(&["doctor"]).ended(0, &["all 8 exchanges"]);
        worker.stop().await;
        let foreign = [
            Declare("foreign"),
            Get("foreign"),
            Bind("waybill.dead", "amq.topic"),
        ];
        assert_refused(&all, &foreign).await;
        let policy = commands(&ground, &["policy"]).await;
        ctl_all(&policy).await;
    });
}

/// The address of each role, with its user.
struct Users {
    worker: String,
    publisher: String,
    api: String,
    producer: String,
    consumer: String,
}

impl Users {
    async fn new(ground: &Ground) -> Self {
        let (worker, publisher, api, producer, consumer) = tokio::join!(
            user(ground, "worker"),
            user(ground, "publisher"),
            user(ground, "api"),
            user(ground, "producer"),
            user(ground, "consumer"),
        );
        Self {
            worker,
            publisher,
            api,
            producer,
            consumer,
        }
    }

    async fn recorder(&self, queue: &str, exchange: Option<&'static str>) -> Recorder {
        Recorder::at(&self.consumer, queue, exchange).await
    }

    async fn have_no_other_permissions(&self) {
        let (events, queue) = ("waybill.events", "waybill.events.0");
        let completions = "waybill.completions";
        assert_refused(
            &self.worker,
            &[Declare("foreign"), Publish("amq.topic"), Get(ALL)],
        )
        .await;
        assert_refused(
            &self.publisher,
            &[Declare(queue), Publish(events), Get(queue)],
        )
        .await;
        assert_refused(
            &self.api,
            &[Declare(queue), Publish(completions), Get(queue)],
        )
        .await;
        assert_refused(
            &self.producer,
            &[Declare(queue), Publish(completions), Publish("")],
        )
        .await;
        let consumer = [
            Declare("other.all"),
            Delete(queue),
            Publish(events),
            Bind(ALL, events),
            Get(queue),
        ];
        assert_refused(&self.consumer, &consumer).await;
    }
}

/// Submits a client's event with the permissions of the API.
async fn submit(ground: &Ground, broker_url: &str) {
    let user = format!("broker.url={broker_url}");
    let (answering, client) = ground.answering_with("api", &[&user]).await;
    let (client, _) = keyed(ground, &client, "default", &[Scope::Read, Scope::Write]).await;
    let event = json!({"id": "1", "source": "rights", "type": "upload.received", "token": "sent", "data": {}});
    let client = client.with("prefer", "wait=20");
    let reply = client.post("/v1/events", event).await;
    assert_eq!(reply.record()["state"], "applied");
    answering.stop().await;
}

/// Publishes to the exchange of a tenant with a queue of its own, and waits until it is applied.
async fn serves_acme(ground: &Ground) {
    let mut acme = Producer::new(ground).to("waybill.tenant.acme.events");
    acme.events(&stories("rights-acme", 1)).await;
    reaches(ground, "process where tenant = 'acme'", 1).await;
}

/// Deletes what the ground has declared, so that the role has to declare it.
async fn bare(ground: &Ground) {
    let (_connection, channel) = open(&ground.broker_url).await;
    for exchange in ["events", "internal.events", "completions", "stages", "dead"] {
        let name = format!("waybill.{exchange}");
        let deleted = channel
            .exchange_delete(name.into(), Default::default())
            .await;
        deleted.expect("an exchange");
    }
    for queue in ["waybill.events.0", "waybill.dead"] {
        let deleted = channel.queue_delete(queue.into(), Default::default()).await;
        deleted.expect("a queue");
    }
}

/// A user with the permissions of a role; returns its address.
async fn user(ground: &Ground, part: &str) -> String {
    let user = format!("rights-{part}");
    ctl_all(&commands(ground, &[part, &user]).await).await;
    login(&ground.broker_url, &user)
}

/// A user with the permissions of a role in a tenant; returns its address.
pub(crate) async fn user_of(ground: &Ground, part: &str, tenant: &str) -> String {
    let user = format!("rights-{part}-{tenant}");
    ctl_all(&commands(ground, &[part, &user, tenant]).await).await;
    login(&ground.broker_url, &user)
}

/// The rabbitmqctl commands of the script, with the ground's password for new users.
async fn commands(ground: &Ground, arguments: &[&str]) -> Vec<Vec<String>> {
    let recording = ground.folder.join(format!("{}.sh", arguments.join("-")));
    std::fs::write(&recording, RECORDING).expect("the folder is ours");
    let notes = recording.with_extension("notes");
    let output = Command::new("sh")
        .args([SCRIPT, "-p", &ground.vhost()])
        .args(arguments)
        .env("RABBITMQCTL", format!("sh {}", recording.display()))
        .env("VHOST", ground.vhost())
        .env("NOTES", &notes)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("a shell");
    assert!(output.status.success(), "{output:?}");
    let notes_text = std::fs::read_to_string(&notes).expect("notes");
    let mut commands = Vec::new();
    for command in notes_text.split_terminator("\n\n") {
        let mut words: Vec<_> = command.lines().map(str::to_owned).collect();
        assert_ne!(words[0], "add_vhost", "it is there");
        if words[0] == "add_user" {
            // Only then RabbitMQ 4 reads the password.
            assert_eq!(words.len(), 2, "{words:?}");
            words.push(password(&ground.broker_url));
        }
        commands.push(words);
    }
    commands
}

async fn ctl_all(commands: &[Vec<String>]) {
    for command in commands {
        let words: Vec<_> = command.iter().map(String::as_str).collect();
        ctl(&words).await;
    }
}
