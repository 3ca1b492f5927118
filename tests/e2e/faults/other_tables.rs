//! Tables of another version, restored tables and their epochs: nothing is lost.

use std::time::Duration;

use crate::support::ground::{Ground, assert_contains, assert_rows, reaches};
use crate::support::scenario::Scenario;
use crate::support::story::stories;

const LOGGED: &str = "event";

#[test]
fn a_worker_on_tables_of_another_version_ends_with_a_remedy_and_requeues_all() {
    Scenario::test("misfit", async |mut scenario| {
        let mut worker = scenario.plan().start().await;
        scenario.events(&stories("before", 5)).await;
        scenario.until_idle().await;
        let rename = "alter table waybill.event rename column time to happened_at";
        scenario.ground.execute(rename).await;
        scenario.events(&stories("after", 20)).await;
        let status = worker.ended(Duration::from_secs(10)).await;
        assert_eq!(status.code(), Some(1), "{}", worker.log_text());
        let log = worker.log_text();
        let last = log.lines().last().expect("it says why");
        assert!(last.starts_with("error: database: "), "{last}");
        assert!(last.ends_with("run `waybill migrate`"), "{last}");

        let rename = "alter table waybill.event rename column happened_at to time";
        scenario.ground.execute(rename).await;
        let worker = scenario.plan().start().await;
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn the_old_version_works_and_restarts_during_an_upgrade() {
    Scenario::test("side-by-side", async |mut scenario| {
        let worker = scenario.plan().start().await;
        // As after a newer program's migration that removes nothing.
        let newer = "alter table waybill.event add column more text;
                     insert into waybill.migration select max(version) + 1, 'more', max(applied_on), '1'
                     from waybill.migration";
        scenario.ground.execute(newer).await;
        scenario.events(&stories("beside", 10)).await;
        scenario.until_idle().await;
        assert_eq!(worker.readiness().await, Some(200));
        worker.stop().await;

        let restarted = scenario.plan().launch().await;
        scenario.events(&stories("restarted", 10)).await;
        scenario.until_idle().await;
        assert_eq!(restarted.readiness().await, Some(200));
        assert_contains(&restarted.log_text(), "the schema is of a newer program");
        scenario.finish(vec![restarted]).await;
    });
}

#[test]
fn a_worker_on_restored_tables_begins_a_new_epoch() {
    Scenario::test("restored", async |mut scenario| {
        let worker = scenario.plan().start().await;
        scenario.events(&stories("before", 5)).await;
        scenario.until_idle().await;
        let logged = scenario.ground.count(LOGGED).await;
        // As if these tables had been restored from another server.
        let elsewhere = "update waybill.epoch set system_identifier = 1";
        scenario.ground.execute(elsewhere).await;
        scenario.events(&stories("after", 20)).await;
        scenario.finish(vec![worker]).await;
        assert_rows(
            &scenario.ground,
            "epoch where number = 2 and after_epoch = 1",
            1,
        )
        .await;
        assert_eq!(scenario.ground.count("event where epoch = 1").await, logged);
    });
}

#[test]
fn an_epoch_begins_for_readers_before_there_is_an_event() {
    Ground::test("quiet", async |ground| {
        let elsewhere = "update waybill.epoch set timeline = 0";
        ground.execute(elsewhere).await;
        let worker = ground.plan().start().await;
        reaches(&ground, "epoch", 2).await;
        assert!(worker.log_text().contains("began an epoch"));
        worker.stop().await;
    });
}
