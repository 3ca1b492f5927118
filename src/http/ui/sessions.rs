//! `GET /monitor/sessions` and `POST /monitor/sessions/end`: open sessions, and ending them.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::response::{Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Page, PageRequest, Tab, Viewer, format, paths};
use crate::domain::access::Access;
use crate::http::state::Api;
use crate::http::web::{Caller, HttpProblem, Pass, ProblemKind};
use crate::store::admin::session::{ListedSession, SessionSelection, id_of};

/// How many sessions the page shows.
const ROWS: i64 = 200;
const NO_FORM: &str = "the form needs `id`, or `others=yes` from a session of its own";
const NONE: &str = "this session has ended already";

/// The fields of the form: one session, or all others of the viewer's key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndForm {
    id: Option<String>,
    others: Option<String>,
}

/// The page.
pub(super) async fn get(mut request: PageRequest) -> Result<Response, HttpProblem> {
    request.parameters().finish(&[])?;
    let own = request.session().and_then(id_of);
    request.show(move |viewer| page(viewer, own.clone())).await
}

async fn page(Viewer { api, access }: Viewer, own: Option<String>) -> Result<Page, HttpProblem> {
    let sessions = api.primary().list_sessions(whose(&access), ROWS).await?;
    let own = own.as_deref();
    let key = sessions.iter().find(|session| Some(&*session.id) == own);
    let key = key.map(|session| session.key.as_str());
    let of_key = |session: &&ListedSession| Some(session.key.as_str()) == key;
    let has_others = sessions.iter().filter(of_key).count() > 1;
    let main = html! {
        nav.trail { a href=(paths::AUDIT) { "Who did what" } }
        h1 { "Sessions" }
        @if sessions.is_empty() {
            p.empty { "No session is open." }
        } @else {
            (rows(&sessions, own))
        }
        @if has_others {
            form.replay method="post" action=(paths::END_SESSIONS) {
                input type="hidden" name="others" value="yes";
                button type="submit" { "End my other sessions" }
                span.hint { "All of the same key." }
            }
        }
    };
    Ok(Page::new(Tab::Audit, "Sessions", main))
}

fn rows(sessions: &[ListedSession], own: Option<&str>) -> Markup {
    html! {
        table.processes {
            (format::heads(&["Began", "Session", "Key", "Tenant", "For", "From", "Ends unless used", "Action"]))
            tbody #sessions {
                @for session in sessions {
                    tr id=(format!("session-{}", session.id)) {
                        th scope="row" { (format::moment(session.created_at)) }
                        td data-label="Session" { code { (session.id) } @if Some(&*session.id) == own { small { "this one" } } }
                        td data-label="Key" { code { (session.key) } }
                        td data-label="Tenant" { (format::untrusted(Some(&session.tenant))) }
                        td data-label="For" { (session.purpose.as_deref().unwrap_or("any")) }
                        td data-label="From" { (format::untrusted(session.origin.as_deref())) }
                        td data-label="Ends unless used" {
                            (format::moment(session.expires_at))
                            small { "at the latest " (format::moment(session.ends_at)) }
                        }
                        td data-label="Action" {
                            form method="post" action=(paths::END_SESSIONS) {
                                input type="hidden" name="id" value=(session.id);
                                button type="submit" aria-label=(format!("End session {}", session.id)) { "End" }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Ends a session, or all others of the viewer's key, and redirects to the page.
pub(super) async fn end(
    api: Api,
    Caller(access): Caller,
    pass: Pass,
    fields: Result<Form<EndForm>, FormRejection>,
) -> Result<Redirect, HttpProblem> {
    let invalid = || HttpProblem::new(ProblemKind::InvalidBody, NO_FORM);
    let Form(fields) = fields.map_err(|_| invalid())?;
    let mut selection = SessionSelection {
        tenant: whose(&access).map(str::to_owned),
        ..SessionSelection::default()
    };
    match (fields.id, fields.others, pass.session()) {
        (Some(id), None, _) => selection.id = Some(id),
        (None, Some(_), Some(own)) => {
            selection.key = Some(pass.id().await?.unwrap_or_default());
            selection.except = Some(own.to_owned());
        }
        _ => return Err(invalid()),
    }
    let is_one = selection.id.is_some();
    let store = api.primary().acting(pass.actor().await?);
    match store.end_sessions(&selection).await? {
        0 if is_one => Err(HttpProblem::new(ProblemKind::NotFound, NONE)),
        _ => Ok(Redirect::to(paths::SESSIONS)),
    }
}

/// The tenant whose sessions an administrator sees; an operator sees all.
fn whose(access: &Access) -> Option<&str> {
    (!access.operates()).then_some(access.tenant.as_str())
}
