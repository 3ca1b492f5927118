//! The exchanges and queues: declared once, changed without loss, refused with a remedy.

use std::collections::BTreeSet;

use lapin::options::ExchangeDeclareOptions;
use waybill::broker::{BrokerError, Connection, Consumer, Outgoing, Publisher, Verdict, topology};

use crate::broker::ground::{PATIENCE, delivery, on_empty, queue, refusal, settings};
use crate::support::ground::assert_contains;

async fn publish(conn: &Connection, ids: std::ops::Range<usize>) {
    let mut publisher = Publisher::open(conn, PATIENCE).await.unwrap();
    let batch: Vec<_> = ids
        .map(|n| {
            let mut message = Outgoing::new(
                "waybill.events",
                "upload.step",
                &format!("m-{n}"),
                Vec::new(),
            );
            message.properties.correlation_id = Some(format!("token-{n}"));
            message
        })
        .collect();
    let verdicts = publisher.publish_all(&batch).await.unwrap();
    assert!(
        verdicts
            .iter()
            .all(|verdict| *verdict == Verdict::Confirmed)
    );
}

/// Empties the queues; returns which message was in which.
async fn drain(conn: &Connection, queues: &topology::EventQueues) -> Vec<BTreeSet<String>> {
    let mut found = Vec::new();
    for queue in queues.current.iter().chain(&queues.former) {
        let count = topology::ready_count(conn, queue).await.unwrap();
        let mut consumer = Consumer::open(conn, queue, 1000).await.unwrap();
        let mut ids = BTreeSet::new();
        let mut last = 0;
        for _ in 0..count {
            let delivery = delivery(&mut consumer).await;
            last = delivery.tag;
            ids.insert(delivery.properties.message_id.unwrap());
        }
        consumer.acker().ack_through(last).await.unwrap();
        consumer.close().await;
        found.push(ids);
    }
    found
}

#[test]
fn declaring_twice_changes_nothing() {
    on_empty(async |ground| {
        for partitions in [1, 1, 3, 3] {
            let queues = topology::declare(&ground.conn, partitions).await.unwrap();
            assert_eq!(queues.current.len(), usize::from(partitions));
            assert_eq!(queues.former, [""; 0]);
        }
        publish(&ground.conn, 0..100).await;
        let queues = topology::declare(&ground.conn, 3).await.unwrap();
        let copies: usize = drain(&ground.conn, &queues)
            .await
            .iter()
            .map(BTreeSet::len)
            .sum();
        assert_eq!(copies, 100);
    });
}

#[test]
fn changing_the_number_of_partitions_loses_nothing() {
    on_empty(async |ground| {
        let mut published = 0;
        for partitions in [1, 3, 2, 1, 3, 1] {
            topology::declare(&ground.conn, partitions).await.unwrap();
            publish(&ground.conn, published..published + 60).await;
            published += 60;
        }
        let queues = topology::declare(&ground.conn, 1).await.unwrap();
        assert_eq!(queues.current, ["waybill.events.0"]);
        assert_eq!(queues.former, ["waybill.events.1", "waybill.events.2"]);
        let found = drain(&ground.conn, &queues).await;
        let distinct: BTreeSet<_> = found.iter().flatten().collect();
        assert_eq!(distinct.len(), published);
        assert_eq!(found.iter().map(BTreeSet::len).sum::<usize>(), published);
        assert!(found.iter().all(|ids| !ids.is_empty()));
    });
}

#[test]
fn messages_published_during_a_change_arrive_all_the_same() {
    on_empty(async |ground| {
        topology::declare(&ground.conn, 1).await.unwrap();
        let change = async {
            for partitions in [3, 1, 2, 3, 1] {
                topology::declare(&ground.conn, partitions).await.unwrap();
            }
        };
        let publish = async {
            for n in 0..100 {
                publish(&ground.conn, n * 10..n * 10 + 10).await;
            }
        };
        tokio::join!(change, publish);
        let queues = topology::declare(&ground.conn, 1).await.unwrap();
        let found = drain(&ground.conn, &queues).await;
        assert_eq!(found.iter().flatten().collect::<BTreeSet<_>>().len(), 1000);
    });
}

#[test]
fn a_token_stays_in_its_partition() {
    on_empty(async |ground| {
        let queues = topology::declare(&ground.conn, 3).await.unwrap();
        publish(&ground.conn, 0..200).await;
        let first = drain(&ground.conn, &queues).await;
        publish(&ground.conn, 0..200).await;
        assert_eq!(first, drain(&ground.conn, &queues).await);
        assert!(first.iter().all(|ids| ids.len() > 20), "{first:?}");
    });
}

#[test]
fn a_rejected_event_reaches_the_dead_queue() {
    on_empty(async |ground| {
        topology::declare(&ground.conn, 1).await.unwrap();
        publish(&ground.conn, 0..1).await;
        let channel = ground.conn.channel().await.unwrap();
        let event = loop {
            let get = channel.basic_get("waybill.events.0".into(), Default::default());
            if let Some(message) = get.await.unwrap() {
                break message.delivery;
            }
        };
        event.acker.reject(Default::default()).await.unwrap();
        let mut consumer = Consumer::open(&ground.conn, "waybill.dead", 1)
            .await
            .unwrap();
        let dead = delivery(&mut consumer).await;
        assert_eq!(
            (dead.exchange.as_str(), dead.routing_key.as_str()),
            ("waybill.dead", "upload.step")
        );
        assert!(dead.properties.header("x-death").is_some());
    });
}

#[test]
fn a_queue_with_other_arguments_is_reported_with_a_remedy() {
    on_empty(async |ground| {
        queue(&ground.conn, "waybill.events.0").await;
        let error = topology::declare(&ground.conn, 1).await.unwrap_err();
        assert!(matches!(error, BrokerError::Topology(_)), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("queue waybill.events.0") && text.contains("inequivalent arg"),
            "{text}"
        );
        assert!(text.contains("delete it"), "{text}");
    });
}

#[test]
fn an_exchange_of_another_type_is_reported_with_a_remedy() {
    on_empty(async |ground| {
        let channel = ground.conn.channel().await.unwrap();
        let options = ExchangeDeclareOptions {
            durable: true,
            ..Default::default()
        };
        let kind = lapin::ExchangeKind::Fanout;
        let declare =
            channel.exchange_declare("waybill.stages".into(), kind, options, Default::default());
        declare.await.unwrap();
        let error = topology::declare(&ground.conn, 1).await.unwrap_err();
        assert_contains(&error.to_string(), "exchange waybill.stages");
    });
}

#[test]
fn a_number_of_partitions_out_of_range_is_refused() {
    on_empty(async |ground| {
        for partitions in [0, topology::PARTITIONS_MAX + 1] {
            let error = topology::declare(&ground.conn, partitions)
                .await
                .unwrap_err();
            assert!(matches!(error, BrokerError::Settings(_)), "{error}");
        }
    });
}

#[test]
fn a_refused_login_is_reported_with_a_remedy_and_without_the_password() {
    on_empty(async |ground| {
        let error = refusal(&settings(&ground.with_password("s3cret"))).await;
        assert!(matches!(error, BrokerError::Refused(_)), "{error}");
        assert!(
            error.to_string().contains("refuses user") && !error.to_string().contains("s3cret")
        );
        let error = refusal(&settings(&ground.with_vhost("nothing-here"))).await;
        assert!(matches!(error, BrokerError::Refused(_)), "{error}");
        assert!(error.to_string().contains("add_vhost"), "{error}");
        let error = refusal(&settings(&ground.with_vhost(""))).await;
        assert!(error.to_string().contains("/%2f"), "{error}");
    });
}
