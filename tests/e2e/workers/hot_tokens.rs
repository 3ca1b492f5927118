//! Several workers at the same few processes.

use crate::support::ground::run;
use crate::support::scenario::Trial;
use crate::support::story::{long_story, repeated, shuffled};

#[test]
fn two_workers_share_hot_tokens_and_agree_on_every_record() {
    run(async {
        let mut trial = Trial::shared("hot-tokens").await;
        let plan = trial
            .ground
            .plan()
            .with("batch.events", "50")
            .with("broker.prefetch", "100");
        let first = plan.start().await;
        let second = plan.start().await;
        let stories = (0..6).flat_map(|n| long_story(&format!("hot{n}"), 400));
        let events = shuffled(repeated(stories.collect(), 5), 7);
        trial.events(&events).await;
        trial.rest().await;
        for worker in [&first, &second] {
            let name = "waybill_events_total";
            assert!(
                worker.metric(name, "outcome=\"applied\"").await > 0,
                "it had no share"
            );
            assert_eq!(
                worker.metric("waybill_retries_total", "").await,
                0,
                "they got in each other's way"
            );
        }
        let ended = "waybill_processes_ended_total";
        assert_eq!(
            first.metric(ended, "").await + second.metric(ended, "").await,
            6
        );
        trial.conclude(vec![first, second]).await;
    });
}
