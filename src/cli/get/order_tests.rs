//! Orders as text and as JSON.

use std::sync::Arc;

use expect_test::expect;
use jiff::Timestamp;
use uuid::Uuid;

use super::order;
use crate::cli::output::Style;
use crate::domain::order::{Left, Stop};
use crate::store::read::order_status::{OrderStatus, ParkedPush};
use crate::view::order::OrderDetails;
use crate::view::order::json::{OrderView, order_view};

const GRAPH: &str = "\
name = 'g'
start = ['a', 'b']
[stages.a]
next = { again = ['a'], on = ['c'] }
deadline = '2d'
on_deadline = 'on'
[[stages.a.form]]
id = 'size'
type = 'choice'
choices = ['s', 'l']
required = true
[stages.b]
next = ['c']
deadline = '1d'
[stages.c]
join = 'all'
";

fn time(second: u8) -> Timestamp {
    format!("2026-11-21T20:44:{second:02}Z").parse().unwrap()
}

fn shown(order: &OrderDetails) -> String {
    let json = serde_json::to_string(&order_view(order)).unwrap();
    let view: OrderView<'static> = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&view).unwrap(), json);
    let mut shown = String::new();
    order::write(&mut shown, &view, Style::PLAIN);
    shown
}

fn stop(stage: &str, number: u32, left: Option<&str>) -> Stop {
    Stop {
        data_id: Uuid::from_u128(u128::from(number)),
        stage: stage.into(),
        number,
        entered_at: time(2),
        seen_at: time(2),
        due_at: Some(time(50)),
        left: left.map(|outcome| Left {
            at: time(3),
            seen_at: time(3),
            outcome: Some(outcome.into()),
        }),
    }
}

fn order(stops: Vec<Stop>) -> OrderDetails {
    let parked = |id: &str, data: &str| ParkedPush {
        source: "shop".into(),
        id: id.into(),
        parked_at: time(4),
        data: data.into(),
    };
    OrderDetails {
        status: OrderStatus {
            version: Some(1),
            form: [("note\u{1b}".to_owned(), r#""x""#.to_owned())].into(),
            attachments: Some(r#"[{"name":"a.pdf"}]"#.into()),
            stops_count: u64::try_from(stops.len()).unwrap(),
            stops,
            parked: vec![
                parked("1", r#"{"stage":"c"}"#),
                parked("2", r#"{"data_id":"6fa459ea-ee8a-3ca4-894e-db77e160355e"}"#),
            ],
            parked_count: 2,
        },
        workflow: crate::wire::workflow_file::read(GRAPH.as_bytes())
            .ok()
            .map(Arc::new),
    }
}

#[test]
fn an_order_shows_its_current_stages_and_what_it_waits_for() {
    let stops = vec![
        stop("a", 2, None),
        stop("b", 1, Some("")),
        stop("a", 1, Some("again")),
    ];
    let text = shown(&order(stops));
    expect![[r#"

        current stages
          a  since 2026-11-21T20:44:02Z, visit 2, due 2026-11-21T20:44:50Z, then goes on with on
            data_id 00000000-0000-0000-0000-000000000002
            outcome again | on
            field size: one of s, l, required

        waiting joins
          c: b arrived, a missing

        parked pushes (2)
          by data_id  1
          c  1

        form
          note\u{1b}        "x"
          attachments       a.pdf
    "#]]
    .assert_eq(&text);
    let stops = vec![stop("b", 1, None), stop("a", 1, Some("on"))];
    let order = order(stops);
    let text = shown(&order);
    assert!(
        text.contains("then the order ends with an error\n"),
        "{text}"
    );
    assert!(text.contains("c: a arrived, b missing\n"), "{text}");
    let json = serde_json::to_value(order_view(&order)).unwrap();
    assert_eq!(json["joins"][0]["missing"][0], "b");
    assert_eq!(json["left"][0]["outcome"], "on");
}
