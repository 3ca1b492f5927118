//! The cost of a page, by the server's own plans.

use waybill::store::read::list;
use waybill::store::read::list_cursor::Sort;

use crate::store::server::Server;

pub(super) const BEGIN: &str = include_str!("../../../../src/store/queries/read/begin_list.sql");

/// The lists, the index that each walks along, and what bounds the walk.
const WALKS: [(Sort, &str, &str); 4] = [
    (
        Sort::Created,
        "process_created",
        "(ROW(created_at, key) < ROW(",
    ),
    (Sort::Opened, "process_opened", "(opened_at >= COALESCE("),
    (Sort::Ended, "process_ended", "(ended_at >= COALESCE("),
    (Sort::Group, "process_group", "(group_name = "),
];

#[tokio::test]
async fn a_page_is_a_bounded_walk_along_its_index_for_a_large_tenant_among_many_small_ones() {
    let ground = Server::start().await;
    ground.fill(1, 20_000).await;
    // A generic plan for the average tenant would sort its few rows instead.
    ground
        .execute(
            "update waybill.process set group_name = 'all' where tenant = 'alpha';
             insert into waybill.process (key, tenant, token, kind)
             select gen_random_uuid(), 't' || n, '0', 'upload' from generate_series(1, 20000) n",
        )
        .await;
    ground.execute("vacuum analyze waybill.process").await;
    for (sort, index, bound) in WALKS {
        let statement = list::statement(sort);
        let walk = format!("Index Scan Backward using {index} on process p ");
        let far = format!("Index Only Scan Backward using {index} on process p_1 ");
        let group = match index {
            "process_group" => "'all'",
            _ => "null",
        };
        let values = |[kind, statuses, name, filename, opened, stage]: [&str; 6]| {
            format!(
                "'alpha', null, null, 5000, 101, {kind}, {statuses}, {name}, {group}, {name}, {name},
                 {filename}, {opened}, null, null, null, {stage}"
            )
        };

        // With no matching process a page reads its maximum, and no more.
        let nobodys = [
            "'upload'",
            "'{running}'",
            "'x'",
            "'%a%'",
            "'2020-01-01'",
            "'x'",
        ];
        let plan = ground.explain(BEGIN, statement, &values(nobodys)).await;
        assert_eq!(rows(&plan, &walk), 5_000, "{plan}");
        assert_eq!(rows(&plan, &far), 5_000, "{plan}");
        assert!(plan.contains(bound), "{plan}");
        is_bounded(&plan);

        // Without a filter only the page is read.
        let plan = ground.explain(BEGIN, statement, &values(["null"; 6])).await;
        assert_eq!(rows(&plan, &walk), 101, "{plan}");
        assert!(plan.contains(&format!("{far}(never executed)")), "{plan}");
        is_bounded(&plan);

        // The current stages are looked up order by order.
        let standing = ["null", "null", "null", "null", "null", "'stock'"];
        let plan = ground.explain(BEGIN, statement, &values(standing)).await;
        assert!(plan.contains("using stage_pkey on stage t "), "{plan}");
        is_bounded(&plan);
    }
    ground.end().await;
}

/// The number of rows that a node of the plan returned.
pub(crate) fn rows(plan: &str, node: &str) -> u64 {
    let (_, rest) = plan
        .split_once(&format!("{node}(actual rows="))
        .unwrap_or_else(|| panic!("{plan}"));
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// Nothing is read whole, and nothing but the page is sorted.
fn is_bounded(plan: &str) {
    for unbounded in [
        "Seq Scan",
        "Bitmap",
        "hashed SubPlan",
        "Rows Removed by Filter: 9",
    ] {
        assert!(!plan.contains(unbounded), "{unbounded} in {plan}");
    }
    assert_eq!(plan.matches("Sort Key").count(), 1, "{plan}");
    assert!(plan.contains("Sort Key: k.at DESC, k.key DESC"), "{plan}");
}
