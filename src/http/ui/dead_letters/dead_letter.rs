//! `GET /monitor/dead-letter?id=…`: one dead letter with its message as received.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::body;
use crate::http::ui::whose::Whose;
use crate::http::ui::{Page, PageRequest, Tab, Viewer, format, paths};
use crate::http::web::HttpProblem;
use crate::store::write::dead_letter::{DeadLetter, DeadLetterSelection, StoredDeadLetter};
use crate::view::escape;
use crate::wire::{FieldFault, Problem};

/// The page.
pub(in super::super) async fn get(mut request: PageRequest) -> Result<Response, HttpProblem> {
    let id = request.parameters().id()?;
    request.show(move |viewer| page(viewer, id)).await
}

async fn page(viewer: Viewer, id: Uuid) -> Result<Page, HttpProblem> {
    let Viewer { api, access } = &viewer;
    let tenants = super::tenants(access);
    let store = api.store();
    let found = store.open_dead_letter(&tenants, id, body::SHOWN_MAX);
    let stored = found.await?.ok_or_else(super::unknown_dead_letter)?;
    let dead_letter = &stored.dead_letter;
    let whose = Whose::of(dead_letter);
    let selection = DeadLetterSelection {
        dead_letter: Some(id),
        ..DeadLetterSelection::default()
    };
    let main = html! {
        nav.trail {
            a href=(paths::DEAD_LETTERS) { "Dead letters" } " › "
            a href=(paths::dead_letters_of(whose, &dead_letter.reason, None)) { bdi { (dead_letter.reason) } }
        }
        h1 { "Dead letter of " (format::moment(stored.received_at)) }
        (wrong(dead_letter))
        (super::replay(whose, &selection, access))
        h2 { "Message" }
        (facts(&stored))
        h2 { "Properties" }
        (object(&dead_letter.properties))
        h2 { "Headers" }
        (object(&dead_letter.headers))
        h2 { "Body" }
        (body::shown(&stored))
    };
    Ok(Page::new(
        Tab::DeadLetters,
        format!("Dead letter {id}"),
        main,
    ))
}

fn wrong(dead_letter: &DeadLetter) -> Markup {
    let problem = problem(dead_letter);
    // An error that only repeats the detail is left out.
    let adds = |error: &&FieldFault| match &error.pointer {
        Some(pointer) => problem.detail != format!("{pointer} {}", error.detail),
        None => problem.detail != error.detail,
    };
    let errors: Vec<_> = problem.errors.iter().filter(adds).collect();
    html! {
        p.fault { (escape::line(&problem.title)) }
        p { bdi { (escape::line(&problem.detail)) } }
        @if !errors.is_empty() {
            ul {
                @for error in errors {
                    li {
                        @if let Some(pointer) = &error.pointer { code { (escape::line(pointer)) } " " }
                        bdi { (escape::line(&error.detail)) }
                    }
                }
            }
        }
        p.hint { (format::reason_remedy(&dead_letter.reason)) }
    }
}

fn facts(stored: &StoredDeadLetter) -> Markup {
    let dead_letter = &stored.dead_letter;
    let texts = [
        ("Type", dead_letter.type_name.as_deref()),
        ("Token", dead_letter.token.as_deref()),
        ("Source", dead_letter.source.as_deref()),
        ("Event id", dead_letter.event_id.as_deref()),
        ("Tenant", dead_letter.tenant.as_deref()),
        ("Exchange", Some(dead_letter.exchange.as_str())),
        ("Routing key", Some(dead_letter.routing_key.as_str())),
        ("Queue", Some(dead_letter.queue.as_str())),
    ];
    html! {
        dl.facts {
            dt { "Id" } dd { code { (dead_letter.id) } }
            @for (name, text) in texts {
                @if text.is_some() { dt { (name) } dd { (format::untrusted(text)) } }
            }
            dt { "Received" } dd { (format::moment(stored.received_at)) }
            dt { "Size" } dd { (stored.body_bytes) " bytes" }
        }
        @if let Some(token) = &dead_letter.token {
            p { a href=(paths::process(token)) { "To the process of this token" } }
        }
    }
}

/// A stored JSON object, one row per member.
fn object(json: &str) -> Markup {
    let Ok(object) = serde_json::from_str::<Map<String, Value>>(json) else {
        return html! { p.fault { "The stored value can't be read." } };
    };
    html! {
        @if object.is_empty() {
            p.empty { "None." }
        } @else {
            dl.facts {
                @for (name, value) in &object {
                    dt { bdi { (escape::line(name)) } }
                    dd { (text(value)) }
                }
            }
        }
    }
}

fn text(value: &Value) -> Markup {
    match value {
        Value::String(text) => html! { bdi { (escape::line(text)) } },
        other => html! { code { (escape::line(&other.to_string())) } },
    }
}

/// The problem of a dead letter; another version may have stored it without some members.
pub(super) fn problem(dead_letter: &DeadLetter) -> Problem {
    serde_json::from_str(&dead_letter.problem).unwrap_or_else(|_| {
        let known: Value = serde_json::from_str(&dead_letter.problem).unwrap_or_default();
        let text = |name: &str| known.get(name).and_then(Value::as_str);
        let detail = text("detail").unwrap_or_default().to_owned();
        Problem::named(
            &dead_letter.reason,
            format::reason_title(&dead_letter.reason),
            detail,
        )
    })
}
