//! Commands that use the broker: publish, doctor.

use waybill::broker::{Connection, topology};

use crate::broker::ground::queue;
use crate::cli::dead::insert_dead_letters;
use crate::support::command::User;
use crate::support::ground::{Ground, ctl};

pub(crate) async fn waiting(connection: &Connection) -> u32 {
    topology::ready_count(connection, &topology::events_queue(0))
        .await
        .unwrap()
}

fn line(id: &str, type_name: &str) -> String {
    let id = if id.is_empty() {
        String::new()
    } else {
        format!("\"id\":\"{id}\",")
    };
    format!(
        "{{{id}\"source\":\"shop\",\"type\":\"{type_name}\",\"token\":\"t\",\"data\":{{\"message\":\"m\"}}}}\n"
    )
}

#[test]
fn events_are_published_confirmed_and_counted() {
    Ground::test_empty("publishing", async |ground| {
        let good: String = (0..3_000)
            .map(|n| line(&n.to_string(), "upload.step"))
            .collect();
        ground
            .waybill_with(&["publish", "-"], &good)
            .failed(1)
            .complains("waybill run");
        let connection = ground.broker().await;
        topology::declare(&connection, 1).await.unwrap();

        ground
            .waybill_with(&["publish", "-"], &good)
            .ok()
            .says("confirmed 3000");
        assert_eq!(waiting(&connection).await, 3_000);

        let mixed = format!(
            "{}\n{}{}",
            line("a", "upload.step"),
            line("", "upload.step"),
            line("b", "upload.nonsense")
        );
        let file = std::env::temp_dir().join(format!("waybill-{}.jsonl", std::process::id()));
        std::fs::write(&file, &mixed).unwrap();
        let path = file.to_str().unwrap();
        let answer = ground.waybill(&["publish", path]).failed(1);
        answer
            .says("confirmed 1; not sent because of a fault 2")
            .complains("line 3: missing_identity")
            .complains("line 4: unknown_type");
        assert_eq!(waiting(&connection).await, 3_001);
        ground.shows(&["publish", path, "--force"], "confirmed 3");
        assert_eq!(waiting(&connection).await, 3_004);
        std::fs::remove_file(file).unwrap();
        ground.refuses(&["publish", "/nonexistent"], 1, "/nonexistent");
    });
}

#[test]
fn the_doctor_finds_what_is_missing_wrong_or_waiting() {
    Ground::test_migrated("examining", async |ground| {
        ground
            .shows(&["doctor"], "ok    broker    RabbitMQ ")
            .says("warn  broker    does not exist yet: exchange waybill.events,")
            .says("may configure, write and read")
            .says("ok    files     ")
            .says("files can be written, read and removed");
        let connection = ground.broker().await;
        topology::declare(&connection, 2).await.unwrap();
        let spread = ["doctor", "--set", "broker.partitions=2"];
        let all = ground.shows(&spread, "exchanges and queues exist");
        assert!(
            !all.out.contains("warn") && !all.out.contains("FAIL"),
            "{}",
            all.out
        );
        topology::declare(&connection, 1).await.unwrap();
        ground.shows(&["doctor"], "ok    broker    all 7 exchanges");

        insert_dead_letters(&ground).await;
        ground.shows(&["doctor"], "dead letters: 3 (expired 1, too_deep 2)");
        let channel = connection.channel().await.unwrap();
        let delete = channel.queue_delete("waybill.events.0".into(), Default::default());
        delete.await.unwrap();
        queue(&connection, "waybill.events.0").await;
        ground
            .waybill(&["doctor"])
            .failed(1)
            .says("FAIL  broker    queue waybill.events.0");
    });
}

#[test]
fn the_doctor_names_missing_permissions_and_how_to_grant_them() {
    Ground::test_migrated("restricting", async |ground| {
        ground
            .execute(
                "create role reader login password 'pw'; grant usage on schema waybill to reader",
            )
            .await;
        ctl(&["add_user", "reader", "pw"]).await;
        let none = "^$";
        let at = ["set_permissions", "-p", &ground.vhost(), "reader"];
        ctl(&[&at[..], &[none; 3]].concat()).await;
        let (_, server) = ground.database_url.rsplit_once('@').unwrap();
        let database = format!("postgres://reader:pw@{server}");
        let (_, server) = ground.broker_url.rsplit_once('@').unwrap();
        let broker = format!("amqp://reader:pw@{server}");
        let reader = User::at(&database, &broker);
        reader
            .says(&["doctor"])
            .failed(1)
            .says("may not insert, select, update on api_key, delete, insert, select on audit, ")
            .says("log in as a role of deploy/postgresql/roles.sql")
            .says("FAIL  broker")
            .says("rabbitmqctl set_permissions -p VHOST USER");
        let remedy = "grant the missing permissions to the user";
        reader.refuses(&["dead", "list"], 1, remedy);
    });
}
