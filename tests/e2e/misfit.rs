//! Tables that are not those of this program end a worker with a remedy, and nothing is lost.

use std::time::Duration;

use crate::{ground::run, story::stories, trial::Trial};

#[test]
fn a_worker_on_another_versions_tables_ends_with_the_remedy_and_gives_all_back() {
    run(async {
        let mut trial = Trial::shared("misfit").await;
        let mut worker = trial.ground.plan().start().await;
        trial.events(&stories("before", 5)).await;
        trial.rest().await;
        let rename = "alter table waybill.event rename column time to happened_at";
        trial.ground.execute(rename).await;
        trial.events(&stories("after", 20)).await;
        let status = worker.ended(Duration::from_secs(10)).await;
        assert_eq!(status.code(), Some(1), "{}", worker.log_text());
        let log = worker.log_text();
        let last = log.lines().last().expect("it says why");
        assert!(last.starts_with("error: database: "), "{last}");
        assert!(last.ends_with("run `waybill migrate`"), "{last}");

        let rename = "alter table waybill.event rename column happened_at to time";
        trial.ground.execute(rename).await;
        let worker = trial.ground.plan().start().await;
        trial.conclude(vec![worker]).await;
    });
}
