//! Tables that are not those of this program end a worker with a remedy, and nothing is lost.

use std::time::Duration;

use crate::support::ground::{Ground, run, until};
use crate::support::scenario::Trial;
use crate::support::story::stories;

const LOGGED: &str = "select count(*) from waybill.event";

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

#[test]
fn while_a_newer_version_comes_the_old_one_works_on_and_may_start_anew() {
    run(async {
        let mut trial = Trial::shared("side-by-side").await;
        let worker = trial.ground.plan().start().await;
        // What a newer program leaves whose migration takes nothing away.
        let newer = "alter table waybill.event add column more text;
                     insert into waybill.migration select max(version) + 1, 'more', max(applied_on), '1'
                     from waybill.migration";
        trial.ground.execute(newer).await;
        trial.events(&stories("beside", 10)).await;
        trial.rest().await;
        assert_eq!(worker.readiness().await, Some(200));
        worker.stop().await;

        let anew = trial.ground.plan().launch().await;
        trial.events(&stories("anew", 10)).await;
        trial.rest().await;
        assert_eq!(anew.readiness().await, Some(200));
        assert!(anew.log_text().contains("the schema is of a newer program"));
        trial.conclude(vec![anew]).await;
    });
}

#[test]
fn a_worker_on_restored_tables_goes_on_in_an_epoch_of_its_own() {
    run(async {
        let mut trial = Trial::shared("restored").await;
        let worker = trial.ground.plan().start().await;
        trial.events(&stories("before", 5)).await;
        trial.rest().await;
        let logged = trial.ground.number(LOGGED).await;
        // As if these tables had been dumped elsewhere.
        let elsewhere = "update waybill.epoch set system_identifier = 1";
        trial.ground.execute(elsewhere).await;
        trial.events(&stories("after", 20)).await;
        trial.conclude(vec![worker]).await;
        let begun = "select count(*) from waybill.epoch where number = 2 and after_epoch = 1";
        assert_eq!(trial.ground.number(begun).await, 1);
        let kept = "select count(*) from waybill.event where epoch = 1";
        assert_eq!(trial.ground.number(kept).await, logged);
    });
}

#[test]
fn an_epoch_begins_for_readers_before_there_is_an_event() {
    run(async {
        let ground = Ground::shared("quiet").await;
        let elsewhere = "update waybill.epoch set timeline = 0";
        ground.execute(elsewhere).await;
        let worker = ground.plan().start().await;
        until("the epoch", async || {
            let begun = "select count(*) from waybill.epoch";
            (ground.number(begun).await == 2).then_some(())
        })
        .await;
        assert!(worker.log_text().contains("began an epoch"));
        worker.stop().await;
    });
}
