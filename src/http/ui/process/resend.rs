//! `POST /monitor/process/resend`: publishes the completion of a process again, as `waybill resend`
//! does.

use std::time::Duration;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::response::Redirect;
use maud::{Markup, html};
use serde::Deserialize;

use super::request;
use crate::broker::topology::COMPLETIONS_EXCHANGE;
use crate::domain::ProcessKey;
use crate::domain::access::{Access, Scope};
use crate::http::state::Api;
use crate::http::ui::paths;
use crate::http::web::{Caller, HttpProblem, Pass, ProblemKind};
use crate::view::completion::{self, CompletionState};
use crate::view::parts::Parts;
use crate::view::record::View;

const NO_FORM: &str = "the form can't be read; go back and send it again";
const NOT_ENDED: &str = "the process has not ended: there is no completion to send again";
const WAITS: &str =
    "its completion is in the outbox already; its page shows the reason and the next attempt";

/// The fields of the form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ResendForm {
    token: String,
}

/// The form, if there is a completion and it is not in the outbox.
pub(super) fn form(view: &View<'_>, waits: bool, access: &Access) -> Markup {
    html! {
        @if view.completion != CompletionState::None && !waits {
            @if access.allows(Scope::Admin) {
                form.replay method="post" action=(paths::RESEND) {
                    input type="hidden" name="token" value=(view.token);
                    button type="submit" { "Send again" }
                    span.hint { "With the same message id and body, so consumers can recognise the duplicate." }
                }
            } @else {
                p.hint { "Sending it again requires an " code { "admin" } " key." }
            }
        }
    }
}

/// Puts the completion into the outbox and redirects to the page of its process.
pub(in super::super) async fn post(
    api: Api,
    Caller(access): Caller,
    pass: Pass,
    fields: Result<Form<ResendForm>, FormRejection>,
) -> Result<Redirect, HttpProblem> {
    let Form(ResendForm { token }) =
        fields.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, NO_FORM))?;
    let conflict = |why| HttpProblem::new(ProblemKind::Conflict, why);
    let key = ProcessKey::of(&access.tenant, &token);
    let kept = api.primary().completions(&[key]).await?.remove(&key);
    let Some(kept) = kept else {
        request::found(&api, key, &Parts::default()).await?;
        return Err(conflict(NOT_ENDED));
    };
    let row = completion::row_again(&kept, COMPLETIONS_EXCHANGE).map_err(conflict)?;
    let store = api.primary().acting(pass.actor().await?);
    let (now, at_once) = (Duration::ZERO, Duration::ZERO);
    match store.resend(&[row], now, at_once).await? {
        0 => Err(conflict(WAITS)),
        _ => Ok(Redirect::to(&paths::process(&token))),
    }
}
