//! Lists skipped by number: the total, and the cursor after `n` processes.

use waybill::domain::{Kind, Status};
use waybill::store::read::list::{Counted, LOOKED_AT_MAX};
use waybill::store::read::list_selection::Selection;

use crate::store::list::plan::BEGIN;
use crate::store::list::plan::rows;
use crate::store::server::Server;

const NUMBERED: &str = include_str!("../../../../src/store/queries/read/find_numbered.sql");
const COUNT: &str = include_str!("../../../../src/store/queries/read/count_listed.sql");

#[tokio::test]
async fn skipping_by_number_continues_where_reading_all_would_be() {
    let ground = Server::start().await;
    ground.fill(1, 3_000).await;
    let some = Selection {
        kind: Some(Kind::Upload),
        statuses: vec![Status::Done, Status::Running],
        module: Some("m1".to_owned()),
        ..Selection::default()
    };
    for selection in [Selection::default(), some] {
        let all = ground.store.list("alpha", &selection, None, 1_000).await;
        let all: Vec<_> = all
            .unwrap()
            .processes
            .into_iter()
            .map(|p| p.token)
            .collect();
        assert!(all.len() > 60);
        for skipped in [0, 1, 40, 59] {
            let counted = ground.store.count_listed("alpha", &selection, skipped);
            let Counted { total, place } = counted.await.unwrap();
            assert_eq!(place.is_some(), skipped > 0);
            let page = ground.store.list("alpha", &selection, place, 7).await;
            let page = page.unwrap().processes.into_iter().map(|p| p.token);
            let skipped = usize::try_from(skipped).unwrap();
            assert_eq!(page.collect::<Vec<_>>(), all[skipped..][..7]);
            if selection.kind.is_some() {
                assert_eq!(total, u64::try_from(all.len()).unwrap());
            }
        }
    }
    let grouped = Selection {
        group: Some("g1".to_owned()),
        ..Selection::default()
    };
    let other = ground.store.count_listed("alpha", &grouped, 0).await;
    assert!(other.is_err(), "the place would be of another list");
    ground.end().await;
}

#[tokio::test]
async fn counting_reads_only_the_newest_processes_and_sorts_nothing() {
    let ground = Server::start().await;
    ground.fill(1, 20_000).await;
    ground.execute("vacuum analyze waybill.process").await;
    let all = Selection::default();
    let counted = ground
        .store
        .count_listed("alpha", &all, LOOKED_AT_MAX)
        .await;
    assert_eq!(counted.unwrap().total, LOOKED_AT_MAX);
    let beyond = LOOKED_AT_MAX + 1;
    let beyond = ground.store.count_listed("alpha", &all, beyond).await;
    assert_eq!(beyond.unwrap().place, None);

    let values = "'alpha', null, null, 5000, 101, 'upload', '{running}', null, null, null, null,
                  null, null, null, null, null, null";
    let plan = ground.explain(BEGIN, COUNT, values).await;
    let walk = "Index Scan Backward using process_created on process p ";
    assert_eq!(rows(&plan, walk), 5_000, "{plan}");
    for unbounded in ["Seq Scan", "Bitmap", "Sort Key"] {
        assert!(!plan.contains(unbounded), "{unbounded} in {plan}");
    }
    ground.end().await;
}

#[tokio::test]
async fn finding_a_process_by_its_number_reads_no_other_process() {
    let ground = Server::start().await;
    ground.fill(1, 20_000).await;
    ground.execute("vacuum analyze waybill.process").await;
    let connection = ground.connection().await;
    // As for frequent queries: a generic plan, made before the numbers are known.
    let prepare =
        format!("set plan_cache_mode = force_generic_plan; prepare numbered as {NUMBERED}");
    connection.batch_execute(&prepare).await.unwrap();
    let explain = "explain (costs off) execute numbered ('alpha',
                   '00000000-0000-5000-0000-000000000000', '00000000-0000-507f-ffff-ffffffffffff')";
    let rows = connection.query(explain, &[]).await.unwrap();
    connection.discard();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let plan = lines.join("\n");
    assert!(plan.contains("Index Scan using process_pkey"), "{plan}");
    assert!(!plan.contains("process_created"), "{plan}");
    ground.end().await;
}
