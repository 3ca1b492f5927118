//! What became of the message that a process has ended, in words.

use maud::{Markup, html};

use super::super::words;
use crate::broker::topology::COMPLETIONS_EXCHANGE;
use crate::view::record::{Completion, View};

/// A word for it, and what that means.
pub(super) fn words(view: &View<'_>) -> Markup {
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
                Completion::None => { b { "None yet" } ": it has not ended." (copy) }
                Completion::Pending => {
                    b { "Pending" } ": it goes to " (place) "; " (messages(view.outbox))
                    " about its end wait in the outbox until the broker confirms them." (copy)
                }
                Completion::Sent => {
                    b { "Sent" } ": the broker has confirmed it on " (place) "." (copy)
                }
                Completion::Unroutable => { b { "Unroutable" } ": " (unroutable(view)) " Bind a queue to " (place) "." }
            }
        }
    }
}

fn unroutable(view: &View<'_>) -> Markup {
    html! {
        "no queue was bound for it"
        @if let Some(at) = view.unroutable_at { " at " (words::moment(at)) }
        @match view.outbox {
            0 => ", and it was dropped.",
            _ => ". It is kept in the outbox and tried again.",
        }
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

    fn said(completion: &str, outbox: u64) -> String {
        let view = json!({
            "token": "t", "tenant": "default", "kind": "upload", "status": "done",
            "summary": "done", "progress": { "done": 1, "total": 1, "failed": 0 },
            "waiting_for": [], "completion": completion, "outbox": outbox,
            "opening": { "source": "s", "reply_to": "<mine>" },
        });
        let view: View<'_> = serde_json::from_value(view).unwrap();
        words(&view).into_string()
    }

    #[test]
    fn each_state_is_said_with_what_it_means() {
        assert!(said("none", 0).contains("None yet</b>: it has not ended."));
        assert!(said("pending", 2).contains("2 messages about its end wait in the outbox"));
        let sent = said("sent", 0);
        assert!(
            sent.contains("confirmed it on <code>waybill.completions</code>"),
            "{sent}"
        );
        assert!(
            sent.contains("upload.done") && sent.contains("&lt;mine&gt;"),
            "{sent}"
        );
        assert!(said("unroutable", 0).contains("it was dropped. Bind a queue"));
        assert!(said("unroutable", 1).contains("kept in the outbox and tried again."));
    }
}
