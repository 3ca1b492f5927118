//! Actions on dead letters: `GET /monitor/replays/confirm` shows a confirmation,
//! `POST /monitor/replays` starts a replay or a dry run, `POST /monitor/replay/stop` stops one.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::response::{Redirect, Response};
use maud::html;
use serde::Deserialize;
use uuid::Uuid;

use super::request::{ReplayForm, ReplayQuery};
use super::{form, table};
use crate::http::state::Api;
use crate::http::ui::dead_letters::counts;
use crate::http::ui::{Page, PageRequest, Tab, paths};
use crate::http::web::{Caller, HttpProblem, Pass, ProblemKind};
use crate::store::admin::replay::{NewReplay, ReplayRequested};

const NO_FORM: &str = "the form can't be read; go back and send it again";
const NO_DEAD_LETTERS: &str = "there are no such dead letters any more";
const TOO_MANY: &str = "too many replays have not ended; stop one, or wait until one ends";

/// The fields of the form that stops a replay.
#[derive(Deserialize)]
pub(in crate::http) struct StopForm {
    id: Uuid,
}

/// Shows what a replay would publish, to be confirmed.
pub(in crate::http) async fn confirm(mut request: PageRequest) -> Result<Response, HttpProblem> {
    let query = ReplayForm::of(request.parameters())?.read()?;
    request
        .show(move |viewer| {
            let query = query.clone();
            async move {
                let counted = counts::counted(&viewer, &query.dead_letters).await?;
                Ok(confirmation(&query, &counted))
            }
        })
        .await
}

fn confirmation(query: &ReplayQuery, counted: &str) -> Page {
    let what = table::selected(
        query.dead_letters.dead_letter,
        query.dead_letters.reason.as_deref(),
    );
    let main = html! {
        h1 { "Replay " (what) "?" }
        p {
            "Now " b { (counted) } ". Each is published again as its producer sent it, and deleted here once \
             the broker has confirmed it. One that can't be applied again becomes a new dead letter."
        }
        p { "Rate: " (table::rate(query.rate)) "." }
        (form::confirm(query))
    };
    Page::new(Tab::DeadLetters, "Replay?", main)
}

/// Starts a replay and redirects to its page.
pub(in crate::http) async fn start(
    api: Api,
    Caller(access): Caller,
    pass: Pass,
    fields: Result<Form<ReplayForm>, FormRejection>,
) -> Result<Redirect, HttpProblem> {
    let Form(fields) = fields.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, NO_FORM))?;
    let query = fields.read()?;
    let new = NewReplay {
        dead_letters: query.dead_letters,
        rate: query.rate,
        dry_run: query.dry_run,
        requested_by: pass.id().await?,
    };
    let store = api.primary().acting(pass.actor().await?);
    match store.request_replay(&access.tenant, &new).await? {
        ReplayRequested::Begun(id) => Ok(to(id)),
        ReplayRequested::NoDeadLetters => {
            Err(HttpProblem::new(ProblemKind::NotFound, NO_DEAD_LETTERS))
        }
        ReplayRequested::TooMany => Err(HttpProblem::new(ProblemKind::TooManyRequests, TOO_MANY)),
    }
}

/// Requests that a replay stops and redirects to its page.
pub(in crate::http) async fn stop(
    api: Api,
    Caller(access): Caller,
    pass: Pass,
    stop: Result<Form<StopForm>, FormRejection>,
) -> Result<Redirect, HttpProblem> {
    let Form(StopForm { id }) =
        stop.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, NO_FORM))?;
    let known = api.primary().replay(&access.tenant, id).await?;
    if known.is_none() {
        return Err(super::replay::unknown());
    }
    let store = api.primary().acting(pass.actor().await?);
    store.stop_replay(&access.tenant, id).await?;
    Ok(to(id))
}

fn to(replay: Uuid) -> Redirect {
    Redirect::to(&paths::replay(replay))
}
