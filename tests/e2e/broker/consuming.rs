//! Consuming: the prefetch limit, acknowledgements, and every way it can end.

use std::time::Duration;

use lapin::options::QueueDeleteOptions;
use waybill::broker::topology::ready_count;
use waybill::broker::{BrokerError, Consumer, Ended, Next};

use crate::broker::ground::{PATIENCE, delivery, fill, next, on_empty, on_queue, wait_ready};

#[test]
fn the_prefetch_limit_bounds_unacknowledged_deliveries() {
    on_queue("prefetch", 10, async |ground| {
        let mut consumer = Consumer::open(&ground.conn, "prefetch", 4).await.unwrap();
        let mut last = 0;
        for _ in 0..4 {
            last = delivery(&mut consumer).await.tag;
        }
        assert_eq!(ready_count(&ground.conn, "prefetch").await.unwrap(), 6);
        assert_eq!(consumer.try_next(), None);
        consumer.acker().ack_through(last).await.unwrap();
        delivery(&mut consumer).await;
        wait_ready(&ground.conn, "prefetch", 2).await;
    });
}

#[test]
fn acknowledging_one_acknowledges_all_before_it() {
    on_queue("multiple", 10, async |ground| {
        let mut consumer = Consumer::open(&ground.conn, "multiple", 10).await.unwrap();
        let mut tags = Vec::new();
        for _ in 0..10 {
            tags.push(delivery(&mut consumer).await.tag);
        }
        let acker = consumer.acker();
        acker.ack_through(0).await.unwrap();
        let seventh = tags[6];
        tokio::task::JoinSet::from_iter([async move {
            acker.ack_through(seventh).await.unwrap();
        }])
        .join_all()
        .await;
        consumer.close().await;
        let mut next = Consumer::open(&ground.conn, "multiple", 10).await.unwrap();
        for body in [b"7", b"8", b"9"] {
            let again = delivery(&mut next).await;
            assert_eq!(
                (again.body.as_slice(), again.redelivered),
                (&body[..], true)
            );
        }
        wait_ready(&ground.conn, "multiple", 0).await;
    });
}

#[test]
fn a_deleted_queue_cancels_and_leaves_the_channel_open() {
    on_queue("deleted", 0, async |ground| {
        let mut consumer = Consumer::open(&ground.conn, "deleted", 4).await.unwrap();
        let channel = ground.conn.channel().await.unwrap();
        let options = QueueDeleteOptions::default();
        channel
            .queue_delete("deleted".into(), options)
            .await
            .unwrap();
        assert_eq!(next(&mut consumer).await, Next::Ended(Ended::Cancelled));
        assert_eq!(next(&mut consumer).await, Next::Ended(Ended::Cancelled));
        assert!(consumer.acker().is_usable());
    });
}

#[test]
fn a_cancelled_consumer_still_yields_what_had_arrived() {
    on_queue("cancel", 5, async |ground| {
        let mut consumer = Consumer::open(&ground.conn, "cancel", 5).await.unwrap();
        wait_ready(&ground.conn, "cancel", 0).await;
        consumer.cancel().await.unwrap();
        fill(&ground.conn, "cancel", 1).await;
        let mut last = 0;
        while let Next::Delivery(delivery) = next(&mut consumer).await {
            last = delivery.tag;
        }
        assert_eq!(last, 5);
        assert_eq!(consumer.try_next(), Some(Next::Ended(Ended::Cancelled)));
        consumer.acker().ack_through(last).await.unwrap();
        consumer.close().await;
        wait_ready(&ground.conn, "cancel", 1).await;
    });
}

#[test]
fn a_broken_channel_is_lost_and_acknowledging_fails() {
    on_queue("broken", 2, async |ground| {
        let mut consumer = Consumer::open(&ground.conn, "broken", 2).await.unwrap();
        let tag = delivery(&mut consumer).await.tag;
        let acker = consumer.acker();
        acker.ack_through(tag + 1000).await.unwrap();
        delivery(&mut consumer).await;
        let ended = next(&mut consumer).await;
        assert!(matches!(ended, Next::Ended(Ended::Lost(_))), "{ended:?}");
        let error = acker.ack_through(tag).await.unwrap_err();
        assert!(matches!(error, BrokerError::Lost(_)), "{error}");
        assert!(ground.conn.is_connected());
        wait_ready(&ground.conn, "broken", 2).await;
    });
}

#[test]
fn closing_the_connection_ends_its_consumers() {
    on_queue("closing", 0, async |ground| {
        let conn = ground.connected().await;
        let mut consumer = Consumer::open(&conn, "closing", 4).await.unwrap();
        conn.close().await;
        let ended = next(&mut consumer).await;
        assert!(matches!(ended, Next::Ended(Ended::Lost(_))), "{ended:?}");
        tokio::time::timeout(PATIENCE, conn.ended().cancelled())
            .await
            .unwrap();
        assert!(!conn.is_connected());
        assert_eq!(conn.end_reason(), None);
    });
}

#[test]
fn an_aborted_wait_loses_no_delivery() {
    on_queue("select", 0, async |ground| {
        let mut consumer = Consumer::open(&ground.conn, "select", 10).await.unwrap();
        let given_up = tokio::time::timeout(Duration::from_millis(30), consumer.next()).await;
        assert!(given_up.is_err());
        assert_eq!(consumer.try_next(), None);
        fill(&ground.conn, "select", 3).await;
        let mut bodies = vec![delivery(&mut consumer).await.body];
        while bodies.len() < 3 {
            match consumer.try_next() {
                Some(Next::Delivery(delivery)) => bodies.push(delivery.body),
                Some(Next::Ended(ended)) => panic!("the consumer ended: {ended:?}"),
                None => tokio::task::yield_now().await,
            }
        }
        assert_eq!(bodies, [b"0", b"1", b"2"]);
    });
}

#[test]
fn a_missing_queue_is_named_as_such() {
    on_empty(async |ground| {
        let error = ready_count(&ground.conn, "no-such-queue")
            .await
            .unwrap_err();
        assert!(matches!(error, BrokerError::Topology(_)), "{error}");
        let error = Consumer::open(&ground.conn, "no-such-queue", 1)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("no-such-queue"), "{error}");
        assert!(ground.conn.is_connected());
    });
}
