//! Reading the dead letters of another tenant.

use lapin::types::{AMQPValue, FieldTable};

use crate::http::processes::viewers;
use crate::support::client::served_as;
use crate::support::ground::reaches;
use crate::support::producer::{Message, Producer};

/// No JSON, so that its tenant can't be read.
const BODY: &[u8] = b"{\"salary\": 4711, ";

#[test]
fn a_dead_letter_whose_tenant_cannot_be_read_is_shown_to_operators_only() {
    served_as("attack-unread", "worker,api", async |ground, open| {
        let [admin, reader, other] = viewers(&ground, &open).await;
        let unowned = Message::bad("1", BODY, "undecodable");
        let others = Message::bad("2", BODY, "undecodable").having(|properties| {
            let mut headers = FieldTable::default();
            headers.insert("tenant".into(), AMQPValue::LongString("other".into()));
            properties.with_headers(headers)
        });
        Producer::new(&ground).publish(vec![unowned, others]).await;
        reaches(&ground, "dead_letter", 2).await;
        let id = async |which: &str| {
            let select = format!("select id::text from waybill.dead_letter where {which}");
            ground.texts(&select).await.swap_remove(0)
        };
        let (unowned, others) = (id("tenant is null").await, id("tenant = 'other'").await);
        for path in ["dead-letter", "dead-letter/body"] {
            let page = |id: &str| format!("/monitor/{path}?id={id}");
            for (client, id, status) in [
                (&reader, &unowned, 404),
                (&reader, &others, 404),
                (&other, &unowned, 404),
                (&other, &others, 200),
                (&admin, &unowned, 200),
                (&admin, &others, 404),
            ] {
                assert_eq!(client.get(&page(id)).await.status, status, "{path} {id}");
            }
        }
        let list = "/monitor/dead-letters/reason?name=undecodable&of=unknown";
        assert_eq!(reader.get(list).await.status, 404);
        assert_eq!(other.get(list).await.status, 404);
        assert!(admin.get(list).await.body().contains(&unowned));
        let groups = "/monitor/dead-letters";
        assert!(reader.get(groups).await.body().contains("There are none"));
        assert!(
            admin
                .get(groups)
                .await
                .body()
                .contains("Of no known tenant")
        );
        assert!(
            !reader
                .get(groups)
                .await
                .body()
                .contains("Of no known tenant")
        );
    });
}
