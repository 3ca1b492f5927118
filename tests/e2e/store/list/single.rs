//! The cost of finding one order or one code, by each of its keys.

use crate::store::list::plan::rows;
use crate::store::server::Server;

const ACTIVE_STOPS: &str = include_str!("../../../../src/store/queries/read/find_active_stops.sql");
const STOP: &str = include_str!("../../../../src/store/queries/read/find_stop.sql");
const CREATE: &str = include_str!("../../../../src/store/queries/admin/create_session.sql");
const USE: &str = include_str!("../../../../src/store/queries/admin/use_session.sql");

#[tokio::test]
async fn a_known_number_or_code_is_found_without_a_table_scan() {
    let ground = Server::start().await;
    ground.fill(1, 20_000).await;
    ground
        .execute(
            "insert into waybill.session (hash, key, lasts, expires_at)
             select sha256(n::text::bytea), case when n < 3000 then 'aaaaaaaaaaaa' else '' end,
                    interval '5 minutes', now() + n % 600 * interval '1 second' - interval '1 minute'
             from generate_series(1, 50000) n",
        )
        .await;
    ground
        .execute("vacuum analyze waybill.process, waybill.stage, waybill.session")
        .await;
    let (least, greatest) = (
        "'a0000000-0000-5000-8000-000000000000'",
        "'a0000000-0000-5fff-bfff-ffffffffffff'",
    );
    let number = format!("'alpha', 'purchase', {least}, {greatest}");
    let stop = format!("'alpha', 'purchase', {least}");
    for (statement, values) in [
        (ACTIVE_STOPS, number.as_str()),
        (STOP, &stop),
        (USE, "sha256('40000'), 'omflow'"),
        (
            CREATE,
            "sha256('x'), 'aaaaaaaaaaaa', 300, 1000, 'omflow', 43200, '127.0.0.1'",
        ),
    ] {
        let plan = ground.explain_generic(statement, values).await;
        for whole in [
            "Seq Scan on session",
            "Seq Scan on process",
            "Seq Scan on stage",
            "process_created",
            "Rows Removed by Filter: 9",
        ] {
            assert!(!plan.contains(whole), "{whole} in {plan}");
        }
        if statement == CREATE {
            let ended = "Index Scan using session_end on session session_1 ";
            assert_eq!(rows(&plan, ended), 1_000, "{plan}");
        }
    }
    ground.end().await;
}
