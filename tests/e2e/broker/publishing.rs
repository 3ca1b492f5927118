//! Publishing: one exact verdict per message, and none if the outcome is unknown.

use waybill::broker::{BrokerError, Consumer, Outgoing, Publisher, Verdict, topology};

use crate::broker::ground::{PATIENCE, delivery, on_queue};

#[test]
fn every_message_of_a_large_batch_gets_its_own_verdict() {
    const COUNT: usize = 24_000;
    on_queue("verdicts", 0, async |ground| {
        let conn = ground.connected().await;
        let mut publisher = Publisher::open(&conn, PATIENCE).await.unwrap();
        // Spread unevenly, and one id in two places, as a completion and its copy are.
        let lost = |n: usize| n.wrapping_mul(2_654_435_761) % 10 == 3;
        let batch: Vec<_> = (0..COUNT)
            .map(|n| {
                let place = if lost(n) { "nowhere" } else { "verdicts" };
                Outgoing::new(
                    "",
                    place,
                    &format!("m-{}", n / 2),
                    format!("{n}").into_bytes(),
                )
            })
            .collect();
        let verdicts = publisher.publish_all(&batch).await.unwrap();
        assert_eq!(verdicts.len(), COUNT);
        let wrong: Vec<_> = (0..COUNT)
            .filter(|&n| {
                (verdicts[n] == Verdict::Unroutable) != lost(n) || verdicts[n] == Verdict::Nacked
            })
            .collect();
        assert_eq!(wrong, [0; 0]);
        let confirmed = verdicts
            .iter()
            .filter(|verdict| **verdict == Verdict::Confirmed)
            .count();
        let arrived = topology::ready_count(&ground.conn, "verdicts")
            .await
            .unwrap();
        assert_eq!(usize::try_from(arrived).unwrap(), confirmed);
        assert!((COUNT / 20..COUNT / 5).contains(&(COUNT - confirmed)));
    });
}

#[test]
fn batches_follow_each_other_on_one_publisher() {
    on_queue("batches", 0, async |ground| {
        let mut publisher = Publisher::open(&ground.conn, PATIENCE).await.unwrap();
        for round in 0..50 {
            let place = |n| {
                if n % 2 == round % 2 {
                    "batches"
                } else {
                    "nowhere"
                }
            };
            let batch: Vec<_> = (0..20)
                .map(|n| Outgoing::new("", place(n), &format!("m-{n}"), Vec::new()))
                .collect();
            let verdicts = publisher.publish_all(&batch).await.unwrap();
            for (message, verdict) in batch.iter().zip(verdicts) {
                let routed = message.routing_key == "batches";
                assert_eq!(verdict == Verdict::Confirmed, routed, "round {round}");
            }
        }
        assert_eq!(publisher.publish_all(&[]).await.unwrap(), []);
    });
}

#[test]
fn what_amqp_cannot_carry_is_unroutable_and_breaks_no_other_message() {
    on_queue("texts", 0, async |ground| {
        let long = "x".repeat(256);
        let mut batch: Vec<_> = (0..5)
            .map(|n| Outgoing::new("", "texts", &format!("m-{n}"), b"{}".to_vec()))
            .collect();
        batch[0].routing_key = long.clone();
        batch[1].properties.correlation_id = Some(long.clone());
        batch[3].properties.headers.push((long, "v".into()));
        let mut publisher = Publisher::open(&ground.conn, PATIENCE).await.unwrap();
        use Verdict::{Confirmed, Unroutable};
        assert_eq!(
            publisher.publish_all(&batch).await.unwrap(),
            [Unroutable, Unroutable, Confirmed, Unroutable, Confirmed]
        );
        let mut consumer = Consumer::open(&ground.conn, "texts", 10).await.unwrap();
        let ids = [delivery(&mut consumer).await, delivery(&mut consumer).await]
            .map(|delivery| delivery.properties.message_id.unwrap());
        assert_eq!(ids, ["m-2", "m-4"]);
    });
}

#[test]
fn a_channel_that_ends_leaves_the_whole_batch_unknown() {
    on_queue("unknown", 0, async |ground| {
        let conn = ground.connected().await;
        let mut publisher = Publisher::open(&conn, PATIENCE).await.unwrap();
        let batch = [
            Outgoing::new("", "unknown", "m-1", Vec::new()),
            Outgoing::new("no-such-exchange", "unknown", "m-2", Vec::new()),
        ];
        let error = publisher.publish_all(&batch).await.unwrap_err();
        assert!(matches!(error, BrokerError::Topology(_)), "{error}");
        assert!(!publisher.is_usable());
        let again = publisher.publish_all(&[]).await;
        assert!(matches!(again, Err(BrokerError::Lost(_))), "{again:?}");
        assert!(Publisher::open(&conn, PATIENCE).await.unwrap().is_usable());
    });
}

#[test]
fn an_aborted_call_ends_the_publisher() {
    on_queue("given-up", 0, async |ground| {
        let mut publisher = Publisher::open(&ground.conn, PATIENCE).await.unwrap();
        let batch = [Outgoing::new("", "given-up", "m-1", Vec::new())];
        {
            let call = publisher.publish_all(&batch);
            assert!(futures_util::FutureExt::now_or_never(call).is_none());
        }
        assert!(publisher.publish_all(&batch).await.is_err());
    });
}
