//! What whoever may does with dead letters: `GET /monitor/replays/confirm` asks once more,
//! `POST /monitor/replays` asks for a replay or a dry run, `POST /monitor/replay/stop` ends one.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;
use serde::Deserialize;
use uuid::Uuid;

use super::request::{Fields, ReplayQuery};
use super::{form, table};
use crate::http::state::Api;
use crate::http::ui::dead_letters::counts;
use crate::http::ui::page::{Page, Tab};
use crate::http::ui::page_request::PageRequest;
use crate::http::ui::paths;
use crate::http::web::auth::{Caller, Pass};
use crate::http::web::params::Parameters;
use crate::http::web::problem::{HttpProblem, ProblemKind};
use crate::store::admin::replay::{NewReplay, ReplayRequested};

const NO_FORM: &str = "the form can't be read; go back and send it again";
const NO_LETTERS: &str = "there are no such letters any more";
const TOO_MANY: &str = "too many replays are under way; stop some, or wait for their end";

/// What the form to stop sends.
#[derive(Deserialize)]
pub(in crate::http) struct Stop {
    id: Uuid,
}

/// Says what a replay would take, and asks whether that is meant.
pub(in crate::http) async fn confirm(
    ask: PageRequest,
    parameters: Parameters,
) -> Result<Response, HttpProblem> {
    let wanted = Fields::of(parameters)?.read()?;
    ask.show(move |viewer| {
        let wanted = wanted.clone();
        async move {
            let counted = counts::counted(&viewer, &wanted.dead_letters).await?;
            Ok(confirmation(&wanted, &counted))
        }
    })
    .await
}

fn confirmation(wanted: &ReplayQuery, counted: &str) -> Page {
    let what = table::meant(
        wanted.dead_letters.dead_letter,
        wanted.dead_letters.reason.as_deref(),
    );
    let main = html! {
        h1 { "Replay " (what) "?" }
        p {
            "Now " b { (counted) } ". Each is published once more, as its producer sent it, and forgotten \
             here once the broker has confirmed it. What can't be applied again comes back as a new letter."
        }
        p { "Rate: " (table::rate(wanted.rate)) "." }
        (form::confirm(wanted))
    };
    Page {
        tab: Tab::DeadLetters,
        title: "Replay?".to_owned(),
        main,
    }
}

/// Asks for a replay and leads to its page.
pub(in crate::http) async fn ask(
    State(api): State<Api>,
    Caller(access): Caller,
    pass: Pass,
    fields: Result<Form<Fields>, FormRejection>,
) -> Result<Response, HttpProblem> {
    let Form(fields) = fields.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, NO_FORM))?;
    let wanted = fields.read()?;
    let new = NewReplay {
        dead_letters: wanted.dead_letters,
        rate: wanted.rate,
        dry_run: wanted.dry_run,
        asked_by: pass.id().await?,
    };
    match api.primary.ask_replay(&access.tenant, &new).await? {
        ReplayRequested::Begun(id) => Ok(to(id)),
        ReplayRequested::NoDeadLetters => Err(HttpProblem::new(ProblemKind::NotFound, NO_LETTERS)),
        ReplayRequested::TooMany => Err(HttpProblem::new(ProblemKind::TooManyRequests, TOO_MANY)),
    }
}

/// Asks for the end of a replay and leads back to its page.
pub(in crate::http) async fn stop(
    State(api): State<Api>,
    Caller(access): Caller,
    stop: Result<Form<Stop>, FormRejection>,
) -> Result<Response, HttpProblem> {
    let Form(Stop { id }) =
        stop.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, NO_FORM))?;
    let known = api.primary.replay(&access.tenant, id).await?;
    if known.is_none() {
        return Err(super::replay::unknown());
    }
    api.primary.stop_replay(&access.tenant, id).await?;
    Ok(to(id))
}

fn to(replay: Uuid) -> Response {
    let place = paths::replay(replay);
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}
