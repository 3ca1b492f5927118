//! `GET /monitor/audit`: who did what, the newest act first.

use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{Page, PageRequest, Tab, Viewer, format, paths};
use crate::domain::access::Access;
use crate::http::web::audit_query::AuditQuery;
use crate::http::web::{Caller, HttpProblem};
use crate::store::admin::audit::{Action, RecordedAct};
use crate::wire;

/// How many acts a page shows.
const ROWS: u64 = 50;

/// The page.
pub(super) async fn get(
    Caller(access): Caller,
    mut request: PageRequest,
) -> Result<Response, HttpProblem> {
    let mut parameters = request.parameters();
    // Forms send every field, also the empty ones.
    parameters.drop_empty();
    let query = AuditQuery::read(parameters, &access, moment)?;
    request
        .show(move |viewer| page(viewer, query.clone()))
        .await
}

async fn page(Viewer { api, access }: Viewer, query: AuditQuery) -> Result<Page, HttpProblem> {
    let (acts, has_more) = api.acts(&query, ROWS.min(query.limit)).await?;
    let next = acts.last().filter(|_| has_more);
    let path = |after| paths::with(paths::AUDIT, &query.with(after));
    let main = html! {
        h1 { "Who did what" }
        p.hint { a href=(paths::SESSIONS) { "Sessions" } " that are open now." }
        (form(&query))
        @if acts.is_empty() {
            p.empty { "No acts match these filters." }
        } @else {
            (rows(&acts, &access))
        }
        nav.more aria-label="Pages of the list" {
            @if query.after.is_some() { a href=(path(None)) { "To the newest" } }
            @if let Some(last) = next { a href=(path(Some(last.cursor()))) rel="next" { "Older ones" } }
        }
    };
    Ok(Page::new(Tab::Audit, "Audit", main))
}

fn rows(acts: &[RecordedAct], access: &Access) -> Markup {
    let names = ["When", "Who", "Action", "Object", "Why", "Tenant"];
    let shown = names.len() - usize::from(!access.operates());
    html! {
        table.processes {
            (format::heads(names.get(..shown).unwrap_or_default()))
            tbody #acts {
                @for act in acts {
                    tr id=(format!("act-{}", act.id)) {
                        th scope="row" { (format::moment(act.at)) }
                        td data-label="Who" {
                            (act.actor_kind) " " (format::untrusted(Some(&act.actor)))
                            @if !act.origin.is_empty() { small { "from " (format::untrusted(Some(&act.origin))) } }
                        }
                        td data-label="Action" { (act.action) }
                        td data-label="Object" { (format::untrusted(Some(&act.object))) }
                        td data-label="Why" { (format::untrusted(act.reason.as_deref())) }
                        @if access.operates() {
                            td data-label="Tenant" { (format::untrusted(act.tenant.as_deref())) }
                        }
                    }
                }
            }
        }
    }
}

/// The form, filled in with the current filter.
fn form(query: &AuditQuery) -> Markup {
    let given = |name: &str| {
        let mut given = query.given.iter();
        given
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    html! {
        form.filter #filter method="get" action=(paths::AUDIT) role="search" aria-label="Acts" {
            label { "Action"
                select name="action" {
                    option value="" { "any" }
                    @for action in Action::ALL {
                        option value=(action.name()) selected[query.selection.action == Some(action)] { (action.name()) }
                    }
                }
            }
            @for (name, label) in [("actor", "Key or user"), ("object", "Object")] {
                label { (label) input type="search" name=(name) value=[given(name)] maxlength="200" autocomplete="off"; }
            }
            @for (name, label) in [("since", "From"), ("until", "Before")] {
                label { (label) input type="date" name=(name) value=[given(name)]; }
            }
            button type="submit" { "Show" }
            @if !query.given.is_empty() { a href=(paths::AUDIT) { "Show all" } }
        }
    }
}

/// A day, which begins at midnight, UTC, or a time.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = text.parse::<Date>().ok();
    let day = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    match day.filter(|_| text.len() == "2026-11-30".len()) {
        Some(day) => Ok(day.timestamp()),
        None => wire::time(text).map_err(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_and_a_time_is_itself() {
        for (text, time) in [
            ("2026-11-30", Some("2026-11-30T00:00:00Z")),
            ("2026-11-30T12:00:00+01:00", Some("2026-11-30T11:00:00Z")),
            ("2026-11", None),
            ("2026-02-30", None),
            ("yesterday", None),
        ] {
            let expected = time.map(|time| time.parse::<Timestamp>().unwrap());
            assert_eq!(moment(text).ok(), expected, "{text}");
        }
    }
}
