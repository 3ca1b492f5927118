//! The rights that `deploy/rabbitmq/permissions.sh` gives: enough for each part, and for nothing else.

use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;
use waybill::domain::access::Scope;

use super::database_roles::{RUN, login};
use crate::http::processes::keyed;
use crate::support::command::Person;
use crate::support::forbidden_operations::Attempt::{Bind, Declare, Delete, Publish, Take};
use crate::support::forbidden_operations::{open, refused};
use crate::support::ground::{Ground, ctl, password, run, until};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::Audience;
use crate::support::scenario::Trial;
use crate::support::story::stories;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/deploy/rabbitmq/permissions.sh"
);
/// A consumer's queues.
const ALL: &str = "rights-consumer.all";
const REPLIES: &str = "rights-consumer.replies";
/// Stands in for rabbitmqctl: knows the virtual host and no user, and notes what it was told to do.
const NOTING: &str = "[ $1 != -s ] || shift; \
                      case $1 in list_vhosts) echo /; echo $VHOST ;; list_users) ;; version) echo 3.10.8 ;; \
                      *) printf '%s\\n' \"$@\" '' >>$NOTES; cat >/dev/null ;; esac";

#[test]
fn each_part_does_its_work_with_the_rights_of_its_own_and_no_other() {
    run(async {
        let ground = Ground::shared("rights").await;
        bare(&ground).await;
        let users = Users::new(&ground).await;
        let plan = ground.plan().with("broker.partitions", "2");
        let taking = plan.clone().with("broker.url", &users.worker);
        let publishing = plan.with("broker.url", &users.publisher);
        let workers = vec![
            taking.roles("worker").start().await,
            publishing.roles("relay,janitor").start().await,
        ];
        let mut trial = Trial {
            producer: Producer::at(&users.producer),
            audience: users.audience(ALL, Some("waybill.completions")).await,
            ground,
        };
        let replies = users.audience(REPLIES, None).await;
        let asking = stories("rights", 14).into_iter().map(|event| {
            let message = Message::event(&event);
            message.having(|said| said.with_reply_to(REPLIES.into()))
        });
        trial.publish(asking.collect()).await;
        trial.rest().await;
        until("a copy for each who asked", async || {
            (replies.by_token().len() == 14).then_some(())
        })
        .await;
        submit(&trial.ground, &users.api).await;
        for worker in workers {
            worker.stop().await;
        }
        // With fewer queues again what spread the events is taken away.
        let less = trial.ground.plan().with("broker.url", &users.worker);
        less.roles("worker").start().await.stop().await;
        users.are_refused_what_is_not_theirs().await;
    });
}

#[test]
fn one_user_for_all_roles_and_commands_reaches_no_foreign_name() {
    run(async {
        let ground = Ground::shared("rights-all").await;
        bare(&ground).await;
        let all = user(&ground, "all").await;
        let worker = ground.plan().with("broker.url", &all).start().await;
        let person = Person::at(&login(&ground.database_url, RUN), &all);
        let doctor = person.says(&["doctor"]);
        doctor.ended(
            0,
            &["may configure, write and read waybill.*", "all 6 exchanges"],
        );
        let line = json!({"id": "1", "source": "rights", "type": "upload.received", "token": "one",
                          "time": "2026-01-31T12:00:00Z", "data": {}});
        let published = person.sends(&["publish", "-"], &line.to_string());
        published.ended(0, &[]);
        until("its record", async || {
            let open = "select count(*) from waybill.process where status = 'running'";
            (ground.number(open).await == 1).then_some(())
        })
        .await;
        worker.stop().await;
        let foreign = [
            Declare("foreign"),
            Take("foreign"),
            Bind("waybill.dead", "amq.topic"),
        ];
        refused(&all, &foreign).await;
        let policy = commands(&ground, &["policy"]).await;
        ctl_all(&policy).await;
    });
}

/// Where each part logs in.
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

    async fn audience(&self, queue: &str, exchange: Option<&'static str>) -> Audience {
        Audience::at(&self.consumer, queue, exchange).await
    }

    async fn are_refused_what_is_not_theirs(&self) {
        let (events, queue) = ("waybill.events", "waybill.events.0");
        let completions = "waybill.completions";
        refused(
            &self.worker,
            &[Declare("foreign"), Publish(events), Take(ALL)],
        )
        .await;
        refused(
            &self.publisher,
            &[Declare(queue), Publish(events), Take(queue)],
        )
        .await;
        refused(
            &self.api,
            &[Declare(queue), Publish(completions), Take(queue)],
        )
        .await;
        refused(
            &self.producer,
            &[Declare(queue), Publish(completions), Publish("")],
        )
        .await;
        let consumer = [
            Declare("other.all"),
            Delete(queue),
            Publish(events),
            Bind(ALL, events),
            Take(queue),
        ];
        refused(&self.consumer, &consumer).await;
    }
}

/// A client's event goes through, by the rights of the part that answers.
async fn submit(ground: &Ground, broker_url: &str) {
    let (plan, client) = ground.api_plan().await;
    let answering = plan
        .with("broker.url", broker_url)
        .roles("api")
        .start()
        .await;
    let (client, _) = keyed(ground, &client, "default", &[Scope::Read, Scope::Write]).await;
    let event = json!({"id": "1", "source": "rights", "type": "upload.received", "token": "sent", "data": {}});
    let client = client.with("prefer", "wait=20");
    let reply = client.post("/v1/events", event).await;
    assert_eq!(reply.record()["state"], "applied");
    answering.stop().await;
}

/// Takes away what the ground has declared, so that the part has to.
async fn bare(ground: &Ground) {
    let (_connection, channel) = open(&ground.broker_url).await;
    for exchange in ["events", "completions", "stages", "dead"] {
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

/// A user with the rights of a part, and where it logs in.
async fn user(ground: &Ground, part: &str) -> String {
    let user = format!("rights-{part}");
    ctl_all(&commands(ground, &[part, &user]).await).await;
    login(&ground.broker_url, &user)
}

/// What the script tells rabbitmqctl to do, with the ground's password for new users.
async fn commands(ground: &Ground, arguments: &[&str]) -> Vec<Vec<String>> {
    let noting = ground.folder.join(format!("{}.sh", arguments[0]));
    std::fs::write(&noting, NOTING).expect("the folder is ours");
    let notes = noting.with_extension("notes");
    let output = Command::new("sh")
        .args([SCRIPT, "-p", &ground.vhost()])
        .args(arguments)
        .env("RABBITMQCTL", format!("sh {}", noting.display()))
        .env("VHOST", ground.vhost())
        .env("NOTES", &notes)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("a shell");
    assert!(output.status.success(), "{output:?}");
    let told = std::fs::read_to_string(&notes).expect("notes");
    let mut commands = Vec::new();
    for command in told.split_terminator("\n\n") {
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
