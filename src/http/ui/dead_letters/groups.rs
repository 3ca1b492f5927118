//! `GET /monitor/dead-letters`: why messages can't be applied, how many there are of each reason, and
//! the replays of late.

use maud::{Markup, html};

use axum::response::Response;

use super::list;
use crate::domain::access::Scope;
use crate::http::ui::format;
use crate::http::ui::page::{Page, Tab};
use crate::http::ui::page_request::{Ask, Viewer};
use crate::http::ui::replays::{form, table};
use crate::http::web::params::Parameters;
use crate::http::web::problem::HttpProblem;
use crate::store::read::dead_letters::LetterGroup;
use crate::store::write::dead_letter::Letters;
use crate::wire::Reason;

/// So many letters of a reason are counted.
pub(super) const COUNT_MAX: u64 = 10_000;
/// Replays that are shown.
const REPLAYS: i64 = 20;

/// The page.
pub(super) async fn get(ask: Ask, parameters: Parameters) -> Result<Response, HttpProblem> {
    parameters.finish(&[])?;
    ask.show(page).await
}

async fn page(viewer: Viewer) -> Result<Page, HttpProblem> {
    let groups = groups(&viewer).await?;
    let Viewer { api, access } = &viewer;
    let replays = api.primary.replays(&access.tenant, REPLAYS).await?;
    let main = html! {
        h1 { "Dead letters" }
        p.hint {
            "Messages that can't be applied, each kept as it was received until somebody replays or discards \
             it (" code { "waybill dead discard" } ")."
        }
        @if groups.is_empty() {
            p.empty { "There are none." }
        } @else {
            (reasons(&groups))
            h2 { "All of them" }
            (form::replay(&Letters::default(), access))
        }
        @if !replays.is_empty() {
            h2 { "Replays" }
            (table::replays(&replays, access.allows(Scope::Admin)))
        }
    };
    Ok(Page {
        tab: Tab::DeadLetters,
        title: "Dead letters".to_owned(),
        main,
    })
}

fn reasons(groups: &[LetterGroup]) -> Markup {
    html! {
        table.processes {
            thead {
                tr { @for heading in ["Reason", "Letters", "Oldest", "Newest", "What to do"] { th scope="col" { (heading) } } }
            }
            tbody #reasons {
                @for group in groups {
                    tr id=(format!("reason-{}", group.reason)) {
                        th scope="row" {
                            a href=(list::path(&group.reason, None)) { bdi { (group.reason) } }
                            small { (title(&group.reason)) }
                        }
                        td data-label="Letters" { span.count { (count(group.letters)) } }
                        td data-label="Oldest" { (format::moment(group.oldest)) }
                        td data-label="Newest" { (format::moment(group.newest)) }
                        td data-label="What to do" { (remedy(&group.reason)) }
                    }
                }
            }
        }
    }
}

async fn groups(viewer: &Viewer) -> Result<Vec<LetterGroup>, HttpProblem> {
    let Viewer { api, access } = viewer;
    // One more tells that there are more.
    let count_max = i64::try_from(COUNT_MAX + 1).unwrap_or(i64::MAX);
    Ok(api.store.letter_groups(&access.tenant, count_max).await?)
}

/// How many letters are meant, in words.
pub(in crate::http) async fn counted(
    viewer: &Viewer,
    letters: &Letters,
) -> Result<String, HttpProblem> {
    if letters.letter.is_some() {
        return Ok("1 letter".to_owned());
    }
    let reason = letters.reason.as_deref();
    let groups = groups(viewer).await?;
    let meant = groups
        .iter()
        .filter(|group| reason.is_none_or(|reason| reason == group.reason));
    let counts: Vec<u64> = meant.map(|group| group.letters).collect();
    let sum = counts.iter().sum();
    let exact = counts.iter().all(|count| *count <= COUNT_MAX);
    Ok(match (sum, exact) {
        (1, true) => "1 letter".to_owned(),
        (sum, true) => format!("{sum} letters"),
        (_, false) => format!("more than {COUNT_MAX} letters"),
    })
}

fn count(letters: u64) -> String {
    match letters {
        ..=COUNT_MAX => letters.to_string(),
        _ => format!("over {COUNT_MAX}"),
    }
}

/// What a reason means.
pub(in crate::http) fn title(reason: &str) -> &'static str {
    Reason::from_name(reason).map_or("", Reason::title)
}

/// What to do about it.
pub(super) fn remedy(reason: &str) -> &'static str {
    Reason::from_name(reason).map_or("", Reason::remedy)
}
