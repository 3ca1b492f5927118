//! `GET /monitor/dead-letters`: the dead letters counted by reason, and the latest replays.

use maud::{Markup, html};

use axum::response::Response;

use super::counts;
use crate::domain::access::Scope;
use crate::http::ui::replays::{form, table};
use crate::http::ui::whose::Whose;
use crate::http::ui::{Page, PageRequest, Tab, Viewer, format, paths};
use crate::http::web::HttpProblem;
use crate::store::read::dead_letters::DeadLetterGroup;
use crate::store::write::dead_letter::DeadLetterSelection;

/// How many replays are shown.
const REPLAYS: i64 = 20;

/// The page.
pub(in super::super) async fn get(mut request: PageRequest) -> Result<Response, HttpProblem> {
    request.parameters().finish(&[])?;
    request.show(page).await
}

async fn page(viewer: Viewer) -> Result<Page, HttpProblem> {
    let groups = counts::groups(&viewer, Whose::Own).await?;
    let Viewer { api, access } = &viewer;
    let unowned = match access.operates() {
        true => counts::groups(&viewer, Whose::Unknown).await?,
        false => Vec::new(),
    };
    let replays = api.primary().replays(&access.tenant, REPLAYS).await?;
    let main = html! {
        h1 { "Dead letters" }
        p.hint {
            "Messages that can't be applied, each kept as received until an operator replays or discards it \
             (" code { "waybill dead discard" } ")."
        }
        @if groups.is_empty() {
            p.empty { "There are none." }
        } @else {
            (reasons(Whose::Own, &groups))
            h2 { "All dead letters" }
            (form::replay(&DeadLetterSelection::default(), access))
        }
        @if !unowned.is_empty() {
            h2 { "Of no known tenant" }
            (reasons(Whose::Unknown, &unowned))
        }
        @if !replays.is_empty() {
            h2 { "Replays" }
            (table::replays(&replays, access.allows(Scope::Admin)))
        }
    };
    Ok(Page::new(Tab::DeadLetters, "Dead letters", main))
}

fn reasons(whose: Whose, groups: &[DeadLetterGroup]) -> Markup {
    html! {
        table.processes {
            (format::heads(&["Reason", "Dead letters", "Oldest", "Newest", "What to do"]))
            tbody id=(format!("reasons-{}", whose.name())) {
                @for group in groups {
                    tr id=(format!("reason-{}-{}", whose.name(), group.reason)) {
                        th scope="row" {
                            a href=(paths::dead_letters_of(whose, &group.reason, None)) { bdi { (group.reason) } }
                            small { (format::reason_title(&group.reason)) }
                        }
                        td data-label="Dead letters" { span.count { (counts::count(group.dead_letters)) } }
                        td data-label="Oldest" { (format::moment(group.oldest)) }
                        td data-label="Newest" { (format::moment(group.newest)) }
                        td data-label="What to do" { (format::reason_remedy(&group.reason)) }
                    }
                }
            }
        }
    }
}
