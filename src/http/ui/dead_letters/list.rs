//! `GET /monitor/dead-letters/reason?name=…`: the dead letters of one reason, the oldest first.

use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};
use uuid::Uuid;

use super::dead_letter;
use crate::http::ui::whose::Whose;
use crate::http::ui::{Page, PageRequest, Tab, Viewer, format, paths};
use crate::http::web::{HttpProblem, list_query};
use crate::store::write::dead_letter::{DeadLetterCursor, DeadLetterSelection, StoredDeadLetter};
use crate::view::escape;

/// How many dead letters a page shows.
const ROWS: usize = 50;
const NO_NAME: &str = "name is missing; the page of dead letters links every reason";
const NO_OWNER: &str = "must be own or unknown";
const NO_PLACE: &str = "must be a cursor from the link of a previous page";

/// The page.
pub(in super::super) async fn get(mut request: PageRequest) -> Result<Response, HttpProblem> {
    let mut parameters = request.parameters();
    let name = parameters.take("name", list_query::name);
    let after = parameters.take("after", |text| {
        read(text).ok_or_else(|| NO_PLACE.to_owned())
    });
    let whose = parameters.take("of", |text| {
        Whose::from_name(text).ok_or_else(|| NO_OWNER.to_owned())
    });
    parameters.finish(&["name", "after", "of"])?;
    let whose = whose.unwrap_or(Whose::Own);
    let name = name.ok_or_else(|| HttpProblem::parameters(vec![NO_NAME.to_owned()]))?;
    request
        .show(move |viewer| page(viewer, whose, name.clone(), after))
        .await
}

async fn page(
    viewer: Viewer,
    whose: Whose,
    reason: String,
    after: Option<DeadLetterCursor>,
) -> Result<Page, HttpProblem> {
    let Viewer { api, access } = &viewer;
    if whose == Whose::Unknown && !access.operates() {
        return Err(super::unknown_dead_letter());
    }
    let limit = i64::try_from(ROWS).unwrap_or(i64::MAX) + 1;
    let store = api.store();
    let page = store.dead_letter_page(whose.tenant(access), &reason, after, limit);
    let mut dead_letters = page.await?;
    let has_more = dead_letters.len() > ROWS;
    dead_letters.truncate(ROWS);
    let next = dead_letters
        .last()
        .filter(|_| has_more)
        .map(StoredDeadLetter::place);
    let selection = DeadLetterSelection {
        reason: Some(reason.clone()),
        ..DeadLetterSelection::default()
    };
    let main = html! {
        nav.trail { a href=(paths::DEAD_LETTERS) { "Dead letters" } }
        h1 { bdi { (reason) } }
        p { (format::reason_title(&reason)) ". " (format::reason_remedy(&reason)) }
        @if dead_letters.is_empty() {
            p.empty { "There are none here." }
        } @else {
            (super::replay(whose, &selection, access))
            (rows(&dead_letters))
        }
        nav.more aria-label="Pages of the list" {
            @if after.is_some() { a href=(paths::dead_letters_of(whose, &reason, None)) { "To the oldest" } }
            @if let Some(next) = next { a href=(paths::dead_letters_of(whose, &reason, Some(written(next)))) rel="next" { "Newer ones" } }
        }
    };
    Ok(Page::new(
        Tab::DeadLetters,
        format!("Dead letters: {reason}"),
        main,
    ))
}

fn rows(dead_letters: &[StoredDeadLetter]) -> Markup {
    html! {
        table.processes {
            (format::heads(&["Received", "Type", "Token", "Source", "What is wrong"]))
            tbody #dead-letters {

                @for stored in dead_letters {
                    @let one = &stored.dead_letter;
                    tr id=(format!("dead-letter-{}", one.id)) {
                        th scope="row" { a href=(paths::dead_letter(one.id)) { (format::moment(stored.received_at)) } }
                        td data-label="Type" { (format::untrusted(one.type_name.as_deref())) }
                        td data-label="Token" { (format::untrusted(one.token.as_deref())) }
                        td data-label="Source" { (format::untrusted(one.source.as_deref())) }
                        td data-label="What is wrong" { bdi { (escape::line(&dead_letter::problem(one).detail)) } }
                    }
                }
            }
        }
    }
}

fn written(cursor: DeadLetterCursor) -> String {
    format!("{}_{}", cursor.received_at, cursor.id)
}

fn read(text: &str) -> Option<DeadLetterCursor> {
    let (received_at, id) = text.split_once('_')?;
    let received_at = received_at.parse().ok();
    Some(DeadLetterCursor {
        // No dead letter is older, and PostgreSQL refuses times that are too long ago.
        received_at: received_at.filter(|at| *at >= Timestamp::UNIX_EPOCH)?,
        id: Uuid::try_parse(id).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_other_texts_are_refused() {
        let cursor = DeadLetterCursor {
            received_at: "2026-11-21T20:44:16.123456Z".parse().unwrap(),
            id: Uuid::from_u128(9),
        };
        assert_eq!(read(&written(cursor)), Some(cursor));
        let ancient = format!("-009999-01-02T01:59:59Z_{}", cursor.id);
        for other in ["", "_", "2026-11-21T20:44:16Z", "now_7", "7_now", &ancient] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
