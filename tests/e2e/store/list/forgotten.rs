//! What is remembered of processes that retention has deleted, and for how long.

use std::time::Duration;

use waybill::domain::ProcessKey;

use crate::store::server::Server;

const LONG: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn what_was_let_go_is_remembered_for_its_time_and_forgotten_in_bounded_batches() {
    let ground = Server::start().await;
    ground.fill(1, 600).await;
    let keys = ground.query("select key from waybill.process where ended_at is not null");
    let keys: Vec<_> = keys
        .await
        .iter()
        .map(|row| ProcessKey(row.get(0)))
        .collect();
    assert_eq!(keys.len(), 400);
    for _ in 0..4 {
        assert_eq!(ground.delete_expired(LONG, 100).await, 100);
    }
    assert_eq!(ground.store.forgotten(&keys).await.unwrap().len(), 400);
    let open = ground.known().await;
    assert_eq!(open.len(), 200);
    let nobody = [ProcessKey::of("alpha", "nobody")];
    assert!(ground.store.forgotten(&nobody).await.unwrap().is_empty());

    // They came back, ended and were let go again: remembered from then on.
    ground
        .execute(
            "update waybill.tombstone set forgotten_at = now() - interval '2 hours';
             truncate waybill.process, waybill.stage",
        )
        .await;
    ground.fill(1, 30).await;
    let again = ground.delete_expired(LONG, 100).await;
    let old = 400 - again;
    assert!((1..30).contains(&again), "{again} of thirty had ended");
    for batch in [300, old - 300, 0] {
        let deleted = ground.store.delete_tombstones(LONG, 300).await.unwrap();
        assert_eq!(deleted, batch);
    }
    let left = ground.query("select count(*) from waybill.tombstone").await;
    assert_eq!(left[0].get::<_, i64>(0), i64::try_from(again).unwrap());
    ground.end().await;
}
