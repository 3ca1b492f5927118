//! Several workers with the same few processes.

use crate::support::scenario::Scenario;
use crate::support::story::{long_story, repeated, shuffled};

#[test]
fn two_workers_share_hot_tokens_and_agree_on_every_record() {
    Scenario::test("hot-tokens", async |mut scenario| {
        let plan = scenario
            .plan()
            .with("batch.events", "50")
            .with("broker.prefetch", "100");
        let first = plan.start().await;
        let second = plan.start().await;
        let stories = (0..6).flat_map(|n| long_story(&format!("hot{n}"), 400));
        let events = shuffled(repeated(stories.collect(), 5), 7);
        scenario.events(&events).await;
        scenario.until_idle().await;
        for worker in [&first, &second] {
            let name = "waybill_events_total";
            assert!(
                worker.metric(name, "outcome=\"applied\"").await > 0,
                "it applied no events"
            );
            assert_eq!(
                worker.metric("waybill_retries_total", "").await,
                0,
                "they conflicted"
            );
        }
        let ended = "waybill_processes_ended_total";
        assert_eq!(
            first.metric(ended, "").await + second.metric(ended, "").await,
            6
        );
        scenario.finish(vec![first, second]).await;
    });
}
