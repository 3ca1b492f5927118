//! Commands for dead letters, with rows as a worker writes them.

use waybill::broker::topology;

use crate::cli::broker::waiting;
use crate::support::command::User;
use crate::support::ground::Ground;

const DEAD_LETTERS: [&str; 3] = [
    "6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11",
    "6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b12",
    "6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b13",
];
const UNKNOWN: &str = "00000000-0000-0000-0000-000000000000";

pub(crate) async fn insert_dead_letters(ground: &Ground) {
    let owner = User::at(&ground.database_url, &ground.broker_url);
    owner.says(&["migrate"]).ok();
    for (n, id) in DEAD_LETTERS.iter().enumerate() {
        ground
            .execute(&format!(
                "insert into waybill.dead_letter (id, reason, problem, token, exchange, routing_key,
                     queue, properties, headers, body, received_at)
                 values ('{id}', '{}', '{{\"detail\":\"it is odd\"}}', e't\\u001b[2J', 'waybill.events',
                     'upload.step', 'waybill.events.0', '{{\"message_id\":\"{n}\"}}',
                     '{{\"k\":{{\"$uint\":7}}}}', '\\x001b5b32ff', now() + interval '{n} s');
                 insert into waybill.tally values ('dead_letters', '{0}', {n}, 1)",
                if n == 0 { "expired" } else { "too_deep" },
            ))
            .await;
    }
}

#[test]
fn dead_letters_are_listed_in_pages_and_shown() {
    Ground::test_empty("listing", async |ground| {
        insert_dead_letters(&ground).await;
        let [first, second, third] = DEAD_LETTERS;
        let list = ground.waybill(&["dead", "list", "--limit", "2"]).ok();
        let list = list
            .says(first)
            .says(second)
            .says("it is odd")
            .says(&format!("--after {second}"));
        assert!(
            !list.out.contains(third) && !list.out.contains('\u{1b}'),
            "{}",
            list.out
        );
        ground.shows(&["dead", "list", "--after", second], third);
        let json = ["dead", "list", "--reason", "expired", "--json"];
        let json = ground.waybill(&json).ok().json();
        assert_eq!(json.as_array().unwrap().len(), 1);
        assert_eq!(json[0]["id"], first);
        ground
            .waybill(&["dead", "list", "--reason", "nonsense"])
            .failed(2);

        let shown = ground.waybill(&["dead", "show", first]).ok();
        let shown = shown.says("00 1b 5b 32 ff").says("expired");
        assert!(!shown.out.contains('\u{1b}'));
        ground.refuses(&["dead", "show", UNKNOWN], 4, UNKNOWN);
    });
}

#[test]
fn only_the_selected_dead_letters_are_discarded() {
    Ground::test_empty("discarding", async |ground| {
        insert_dead_letters(&ground).await;
        let [_, second, _] = DEAD_LETTERS;
        ground.refuses(&["dead", "discard", "--all"], 2, "--yes");
        ground
            .waybill(&["dead", "discard", second, UNKNOWN, "--yes"])
            .failed(4);
        assert_eq!(ground.count("dead_letter").await, 3);
        ground.shows(&["dead", "discard", second, "--yes"], "discarded 1");
        let deep = ["dead", "discard", "--reason", "too_deep", "--yes"];
        ground.shows(&deep, "discarded 1");
        ground.shows(&["dead", "discard", "--all", "--yes"], "discarded 1");
        ground.shows(&["dead", "list"], "no dead letters");
    });
}

#[test]
fn a_replay_deletes_only_confirmed_dead_letters() {
    Ground::test_empty("replaying", async |ground| {
        insert_dead_letters(&ground).await;
        ground.waybill(&["dead", "replay", "--all"]).failed(1);
        assert_eq!(ground.count("dead_letter").await, 3);
        let dry = ["dead", "replay", "--all", "--dry-run"];
        ground.shows(&dry, "would replay 3: undecodable 3");
        assert_eq!(ground.count("dead_letter").await, 3);
        let connection = ground.broker().await;
        topology::declare(&connection, 1).await.unwrap();
        ground.shows(&["dead", "replay", DEAD_LETTERS[0]], "replayed 1 of 1");
        assert_eq!(ground.count("dead_letter").await, 2);
        ground
            .execute(
                "update waybill.dead_letter set headers = 'damaged' where properties like '%2%'",
            )
            .await;
        let rest = ground
            .waybill(&["dead", "replay", "--reason", "too_deep", "--rate", "100"])
            .failed(1);
        rest.says("replayed 1 of 2; damaged 1");
        assert_eq!(ground.count("dead_letter").await, 1);
        assert_eq!(waiting(&connection).await, 2);
    });
}
