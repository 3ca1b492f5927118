//! The state of the completion of a process, in words.

use maud::{Markup, html};

use crate::broker::topology::COMPLETIONS_EXCHANGE;
use crate::http::ui::format;
use crate::view::record::{CompletionState, View};

/// The state and its explanation; `waits` is whether the completion itself is in the outbox, where
/// other messages of the process may be too.
pub(super) fn words(view: &View<'_>, waits: bool) -> Markup {
    let kind = view.kind.as_deref().unwrap_or_default();
    let key = format!("{kind}.{}", view.status);
    let place = html! { code { (COMPLETIONS_EXCHANGE) } " with the routing key " code { (key) } };
    let copy = html! {
        @if let Some(queue) = view.opening.as_ref().and_then(|opening| opening.reply_to.as_deref()) {
            " A copy goes to the queue " code { bdi { (queue) } } "."
        }
    };
    html! {
        p.delivery {
            @match view.completion {
                CompletionState::None => { b { "None yet" } ": it has not ended." (copy) }
                CompletionState::Pending if waits => {
                    b { "Pending" } ": it goes to " (place) "; " (messages(view.outbox))
                    " about its end wait in the outbox until the broker confirms them." (copy)
                }
                CompletionState::Pending | CompletionState::Sent => {
                    b { "Sent" } ": the broker has confirmed it on " (place) "." (copy)
                }
                CompletionState::Unroutable => { b { "Unroutable" } ": " (unroutable(view, waits)) " Bind a queue to " (place) "." }
            }
        }
    }
}

fn unroutable(view: &View<'_>, waits: bool) -> Markup {
    html! {
        "no queue was bound for it"
        @if let Some(at) = view.unroutable_at { " at " (format::moment(at)) }
        @if waits { ". It is kept in the outbox and retried." } @else { ", and it was dropped." }
    }
}

fn messages(count: u64) -> String {
    match count {
        1 => "one message".to_owned(),
        count => format!("{count} messages"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(completion: &str, outbox: u64, waits: bool) -> String {
        let view = json!({
            "token": "t", "tenant": "default", "kind": "upload", "status": "done",
            "summary": "done", "progress": { "done": 1, "total": 1, "failed": 0 },
            "waiting_for": [], "completion": completion, "outbox": outbox,
            "opening": { "source": "s", "reply_to": "<mine>" },
        });
        let view: View<'_> = serde_json::from_value(view).unwrap();
        words(&view, waits).into_string()
    }

    #[test]
    fn each_state_is_shown_with_its_explanation() {
        assert!(shown("none", 0, false).contains("None yet</b>: it has not ended."));
        assert!(shown("pending", 2, true).contains("2 messages about its end wait in the outbox"));
        let sent = shown("sent", 0, false);
        assert_eq!(shown("pending", 1, false), sent, "only a reply waits");
        assert!(
            sent.contains("confirmed it on <code>waybill.completions</code>"),
            "{sent}"
        );
        assert!(
            sent.contains("upload.done") && sent.contains("&lt;mine&gt;"),
            "{sent}"
        );
        assert!(shown("unroutable", 1, false).contains("it was dropped. Bind a queue"));
        assert!(shown("unroutable", 1, true).contains("kept in the outbox and retried."));
    }
}
