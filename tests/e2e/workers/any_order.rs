//! The same events in any order and with any repetitions lead to the same records.

use std::collections::BTreeMap;

use crate::support::ground::run;
use crate::support::scenario::Scenario;
use crate::support::story::{long_story, repeated, shuffled, stories};

/// The records without the times that depend on the worker.
const RECORDS: &str = "select p.token, (to_jsonb(p) - 'created_at' - 'sealed_at')::text \
    || coalesce((select jsonb_agg(to_jsonb(i) order by i.identifier)::text \
                 from waybill.item i where i.process = p.key), '') \
    from waybill.process p";

#[test]
fn any_order_and_any_repetition_of_the_same_events_give_the_same_records_and_completions() {
    run(async {
        let first = converge("order-a", 1, 4, "1000").await;
        let second = converge("order-b", 99, 3, "7").await;
        assert_eq!(first.len(), 71);
        assert_eq!(first, second);
    });
}

/// The records and the bodies of the completions, by token.
async fn converge(
    name: &str,
    seed: u64,
    every: usize,
    batch: &str,
) -> BTreeMap<String, (String, Vec<u8>)> {
    let mut scenario = Scenario::shared(name).await;
    let worker = scenario.plan().with("batch.events", batch).start().await;
    let mut events = stories("order", 70);
    events.extend(long_story("order-long", 50));
    scenario
        .events(&shuffled(repeated(events, every), seed))
        .await;
    scenario.finish(vec![worker]).await;
    let copies = scenario.recorder.by_token();
    let records = scenario.ground.pairs(RECORDS).await;
    let with_body = |(token, record): (String, String)| {
        let body = copies[&token][0].body.clone();
        (token, (record, body))
    };
    records.into_iter().map(with_body).collect()
}
