//! Horizons of retention, one per tenant.

use waybill::store::read::feed::{Feed, FeedError, FeedQuery};
use waybill::store::read::feed_cursor::FeedCursor;

use crate::store::feed::ground::write;
use crate::store::server::Server;

async fn read(
    ground: &Server,
    tenant: Option<&str>,
    after: Option<FeedCursor>,
) -> Result<Feed, FeedError> {
    let query = FeedQuery {
        after,
        tenant,
        limit: 10,
        ..FeedQuery::default()
    };
    ground.store.feed(&query).await
}

/// Deletes all events of a tenant, as retention does.
async fn forget(ground: &Server, tenant: &str) {
    ground
        .execute(&format!(
            "with gone as (
                 delete from waybill.event e using waybill.process p
                 where p.key = e.process and p.tenant = '{tenant}'
                 returning e.epoch, e.tx, e.pos
             )
             insert into waybill.tenant_horizon
             select '{tenant}', epoch, tx, pos from gone
             order by epoch desc, tx desc, pos desc limit 1"
        ))
        .await;
}

#[tokio::test]
async fn retention_of_one_tenant_leaves_the_cursors_of_others_valid() {
    let ground = Server::with_processes().await;
    let mut logged = Vec::new();
    for (number, process) in [0, 2, 1, 2, 0].into_iter().enumerate() {
        logged.push(write(&ground.store, process, number).await);
    }
    let all = read(&ground, None, None).await.unwrap();
    let places: Vec<_> = all.events.iter().map(|event| event.cursor).collect();
    forget(&ground, "alpha").await;
    // The cursor of a reader may be at an event of another tenant, which is deleted now.
    for (at, rest) in [(0, &logged[1..]), (1, &logged[3..]), (2, &logged[3..])] {
        let page = read(&ground, Some("beta"), Some(places[at])).await.unwrap();
        let ids: Vec<_> = page.events.iter().map(|event| &event.logged.id).collect();
        let expected: Vec<_> = rest.iter().filter(|id| id.starts_with("beta")).collect();
        assert_eq!(ids, expected);
    }
    for tenant in [Some("alpha"), None] {
        let answer = read(&ground, tenant, Some(places[1])).await;
        let Err(FeedError::Gone { oldest }) = answer else {
            panic!("{tenant:?}: {answer:?}");
        };
        assert_eq!(oldest, places[4]);
        assert!(read(&ground, tenant, Some(oldest)).await.is_ok());
        assert!(read(&ground, tenant, None).await.is_ok());
    }
    // The end of the feed has not moved.
    assert_eq!(ground.store.feed_end().await.unwrap(), places[4]);
    for tenant in ["alpha", "beta"] {
        assert!(read(&ground, Some(tenant), Some(places[4])).await.is_ok());
    }
    ground.end().await;
}

#[tokio::test]
async fn a_horizon_above_an_open_transaction_is_no_valid_start() {
    let ground = Server::with_processes().await;
    write(&ground.store, 0, 0).await;
    let open = ground.connection().await;
    crate::store::feed::ground::begin(&open, 2, 1).await;
    write(&ground.store, 1, 2).await;
    forget(&ground, "alpha").await;
    let end = ground.store.feed_end().await.unwrap();
    crate::store::feed::ground::commit(&open).await;
    let page = read(&ground, Some("beta"), Some(end)).await.unwrap();
    assert_eq!(page.events.len(), 1);
    ground.end().await;
}
