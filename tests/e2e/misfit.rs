//! Tables that are not those of this program end a worker with a remedy, and nothing is lost.

use std::time::Duration;

use crate::{
    ground::{run, until},
    story::stories,
    trial::Trial,
};

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
fn while_a_newer_version_comes_the_old_one_works_on_but_is_not_ready_where_it_starts_anew() {
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
        assert_eq!(anew.readiness().await, Some(503));
        assert!(anew.log_text().contains("the schema is not current"));
        trial.conclude(vec![anew]).await;
    });
}

#[test]
fn a_worker_on_restored_tables_takes_nothing_until_their_epoch_has_begun() {
    run(async {
        let mut trial = Trial::shared("restored").await;
        let worker = trial.ground.plan().start().await;
        trial.events(&stories("before", 5)).await;
        trial.rest().await;
        let logged = trial.ground.number(LOGGED).await;
        // As if these tables had been dumped elsewhere.
        let elsewhere = "update waybill.epoch set system_identifier = 1";
        trial.ground.execute(elsewhere).await;
        until("unreadiness", async || {
            (worker.readiness().await == Some(503)).then_some(())
        })
        .await;
        let next = trial.ground.plan().launch().await;
        trial.events(&stories("after", 20)).await;
        let warned = "run `waybill migrate`, which begins a new epoch";
        until("the remedy", async || {
            next.log_text().contains(warned).then_some(())
        })
        .await;
        assert_eq!(trial.ground.number(LOGGED).await, logged);
        trial.ground.migrate().await;
        trial.conclude(vec![worker, next]).await;
        let begun = "select count(*) from waybill.event where epoch = 2";
        assert!(trial.ground.number(begun).await > 0);
        let kept = "select count(*) from waybill.event where epoch = 1";
        assert_eq!(trial.ground.number(kept).await, logged);
    });
}
