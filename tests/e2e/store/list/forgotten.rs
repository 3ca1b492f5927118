//! Tombstones of deleted processes, and how long they are kept.

use std::time::Duration;

use waybill::domain::ProcessKey;

use crate::store::server::Server;

const LONG: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn tombstones_are_kept_for_their_time_and_deleted_in_bounded_batches() {
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
    let unknown = [ProcessKey::of("alpha", "unknown")];
    assert!(ground.store.forgotten(&unknown).await.unwrap().is_empty());

    // They came again, ended and were deleted again: kept from then on.
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
    let left = ground.count("tombstone").await;
    assert_eq!(left, i64::try_from(again).unwrap());
    ground.end().await;
}
