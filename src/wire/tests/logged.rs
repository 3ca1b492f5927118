//! What was logged is read again as it was when it came.

use super::*;

fn read_again(event: &Value, limits: &Limits) -> bool {
    let body = event.to_string();
    let accepted = decode(&plain(body.as_bytes()), limits, arrived()).unwrap();
    logged(accepted.type_name, &accepted.data) == Some(accepted.event.happening)
}

#[test]
fn every_type_is_read_again_as_it_was() {
    let item = json!({"identifier": "a", "ok": false, "messages": ["m"], "data": {"n": 1e3}});
    let form = json!({"amount": 12.50, "note": null});
    let received = json!({"filename": "f", "total": 3, "attributes": {"a": 1}});
    let opened = json!({"form": form, "attachments": [{"name": "a.pdf"}]});
    let pushed = json!({"stage": "s", "outcome": "o", "form": form});
    for (shape, data) in [
        ("received", received),
        ("step", json!({"message": "m"})),
        ("progress", json!({"done": 1, "total": 2})),
        ("items", json!({"items": [item]})),
        ("completed", json!({"total": 3})),
        ("failed", json!({"message": "m", "code": "c"})),
        ("cancelled", json!({"reason": "r"})),
        ("opened", opened),
        ("pushed", pushed),
    ] {
        let kind = match shape {
            "opened" | "pushed" => "order",
            _ => "upload",
        };
        let event = event(&format!("{kind}.{shape}"), data);
        assert!(read_again(&event, &Limits::default()), "{event}");
    }
}

#[test]
fn what_came_under_wider_limits_is_read_again_whole() {
    let limits = Limits {
        items: Limits::ITEMS_MAX,
        text_bytes: 100_000,
        name_bytes: Limits::NAME_BYTES_MAX,
        ..Limits::default()
    };
    let name = "n".repeat(Limits::NAME_BYTES_MAX - 5);
    let item = |n| json!({"identifier": format!("{name}{n}"), "ok": true});
    let items: Vec<_> = (0..5_000).map(item).collect();
    let items = event("upload.items", json!({ "items": items }));
    assert!(read_again(&items, &limits));
    let failed = json!({"message": "m".repeat(90_000)});
    assert!(read_again(&event("order.failed", failed), &limits));
}

#[test]
fn what_is_damaged_is_nothing() {
    assert_eq!(logged("upload.stop", "{}"), None);
    assert_eq!(logged("upload.items", "{"), None);
    assert_eq!(push(r#"{"outcome":"o"}"#), None);
    assert_eq!(push("[]"), None);
}
