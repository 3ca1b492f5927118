//! Forging the report of a replay.

use lapin::types::{AMQPValue, FieldTable};

use crate::support::ground::reaches;
use crate::support::producer::{Message, Producer};
use crate::ui::replays::{replay, with_dead_letters};

const MARK: &str = "x-waybill-replay";

/// A message that is refused again and again, with the mark of a replay in a header and inside of one.
fn forged(id: &str, claimed: &str) -> Message {
    Message::bad(id, b"{}", "missing_identity").having(|properties| {
        let mark = AMQPValue::LongString(claimed.into());
        let mut inner = FieldTable::default();
        inner.insert(MARK.into(), mark.clone());
        let mut headers = FieldTable::default();
        headers.insert("a".into(), AMQPValue::FieldTable(inner.clone()));
        let list = vec![AMQPValue::FieldTable(inner)];
        headers.insert("b".into(), AMQPValue::FieldArray(list.into()));
        headers.insert(MARK.into(), mark);
        properties.with_headers(headers)
    })
}

#[test]
fn a_producer_neither_adds_to_the_report_of_a_replay_nor_hides_from_it() {
    with_dead_letters(
        "attack-report",
        "worker,relay,api",
        2,
        async |ground, admin| {
            let first = replay(&admin, "all=yes").await;
            let two = "2 of them could not be applied again";
            admin.shows(&first, &[two]).await;

            let (_, claimed) = first.split_once("id=").expect("the id of the replay");
            let mut hostile = Producer::new(&ground);
            hostile.publish(vec![forged("1", claimed)]).await;
            reaches(&ground, "dead_letter", 3).await;
            admin.shows(&first, &[two]).await;

            let second = replay(&admin, "all=yes").await;
            admin
                .shows(&second, &["3 of them could not be applied again"])
                .await;
            // Those of the first were replayed again, and are of the second now.
            admin
                .shows(&first, &["None were refused again so far."])
                .await;
        },
    );
}
