//! `GET` and `POST /monitor/login`: exchanges an API key for a session in a cookie, which ends when
//! it is unused for some hours, at its end, or when its viewer logs out.

use std::time::Duration;

use axum::Form;
use axum::extract::ConnectInfo;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{page, paths};
use crate::domain::access::Scope;
use crate::http::state::Api;
use crate::http::web::keys::Credential;
use crate::http::web::{HttpProblem, Parameters, Peer, ProblemKind, Scheme, auth};
use crate::store::admin::session::SessionPurpose;

/// The parameter with the path to go to after the login.
pub(super) const NEXT: &str = "next";
/// The name of the cookie without TLS.
const COOKIE: &str = "waybill_session";
/// Its name over TLS: browsers accept such a cookie only from this server itself, and only over TLS.
const HOST_COOKIE: &str = "__Host-waybill_session";
/// How long an unused session lasts.
const IDLE: Duration = Duration::from_hours(2);

const NO_FORM: &str = "the form must have a field `key`";

/// The fields of the form.
#[derive(Deserialize)]
pub(super) struct Login {
    key: String,
    #[serde(default)]
    next: String,
}

/// Shows the form.
pub(super) async fn get(mut parameters: Parameters) -> Result<Response, HttpProblem> {
    let next = parameters.take(NEXT, |next| Ok(next.to_owned()));
    parameters.finish(&[NEXT])?;
    let page = form(&next.unwrap_or_default(), None);
    Ok(page::html_answer(StatusCode::OK, &page))
}

/// Starts a session.
pub(super) async fn post(
    api: Api,
    (ConnectInfo(peer), scheme): (ConnectInfo<Peer>, Scheme),
    headers: HeaderMap,
    login: Result<Form<Login>, FormRejection>,
) -> Result<Response, HttpProblem> {
    let Ok(Form(login)) = login else {
        return Err(HttpProblem::new(ProblemKind::InvalidBody, NO_FORM));
    };
    let key = Credential::Text(login.key.trim().to_owned());
    let admitted = api.keys.admit(&key, peer).await;
    let allowed = admitted.and_then(|access| auth::allow(access, Scope::Read));
    if let Err(problem) = allowed {
        let status = problem.kind().status();
        return Ok(page::html_answer(
            status,
            &form(&login.next, Some(&problem)),
        ));
    }
    let code = api.keys.begin(&key, peer, SessionPurpose::Pages, IDLE);
    let code = code.await?;
    // The cookie of the previous session is overwritten, so no one could log out of it later.
    if let Some(previous) = session(&headers, scheme) {
        api.keys.end(&previous, peer).await?;
    }
    let cookie = baked(code.expose_secret(), scheme);
    Ok(redirect(within(&login.next), cookie))
}

/// Ends the viewer's session.
pub(super) async fn leave(
    api: Api,
    (ConnectInfo(peer), scheme): (ConnectInfo<Peer>, Scheme),
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    if let Some(code) = session(&headers, scheme) {
        api.keys.end(&code, peer).await?;
    }
    let cookie = format!("{}; Max-Age=0", baked("", scheme));
    Ok(redirect(paths::LOGIN, cookie))
}

fn redirect(place: &str, cookie: String) -> Response {
    let headers = [
        (header::LOCATION, place.to_owned()),
        (header::SET_COOKIE, cookie),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// The cookie: no script can read it, and no page of another site can send it.
fn baked(code: &str, scheme: Scheme) -> String {
    let secure = match scheme {
        Scheme::Http => "",
        Scheme::Https => "; Secure",
    };
    let name = cookie_name(scheme);
    format!("{name}={code}; Path=/; HttpOnly; SameSite=Strict{secure}")
}

fn cookie_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Http => COOKIE,
        Scheme::Https => HOST_COOKIE,
    }
}

/// The code of a viewer's session. Over TLS another cookie could be of another server.
pub(super) fn session(headers: &HeaderMap, scheme: Scheme) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let cookies = cookies.filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == cookie_name(scheme) && !value.is_empty()).then(|| value.to_owned())
    })
}

/// The path, if it is one of the monitor's own; anything else could redirect to another site.
fn within(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//");
    let is_plain = next
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_path && is_plain { next } else { "/" }
}

fn form(next: &str, problem: Option<&HttpProblem>) -> Markup {
    let main = html! {
        h1 { "Log in" }
        form.login method="post" action=(paths::LOGIN) {
            @if let Some(problem) = problem {
                p.fault role="alert" #fault { (problem.detail()) }
            }
            label for="key" { "Key" }
            input #key name="key" type="password" required autocomplete="current-password"
                aria-describedby=[problem.map(|_| "fault")];
            input type="hidden" name=(NEXT) value=(next);
            button type="submit" { "Log in" }
        }
        p.hint { code { "waybill key create" } " creates a key; with the scope " code { "admin" }
            " it also allows changes here." }
    };
    page::bare("Log in", &main)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_redirects_only_to_own_paths() {
        for own in ["/", "/?status=error", "/monitor/processes/a%2Fb"] {
            assert_eq!(within(own), own);
        }
        for other in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "/a\r\nb",
            "x",
        ] {
            assert_eq!(within(other), "/", "{other:?}");
        }
    }

    #[test]
    fn a_cookie_set_over_tls_is_for_this_server_and_tls_alone() {
        let guards = "Path=/; HttpOnly; SameSite=Strict";
        let plain = format!("waybill_session=1-2; {guards}");
        assert_eq!(baked("1-2", Scheme::Http), plain);
        let secure = format!("__Host-waybill_session=1-2; {guards}; Secure");
        assert_eq!(baked("1-2", Scheme::Https), secure);
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        let found = |headers: &HeaderMap| {
            [Scheme::Http, Scheme::Https].map(|scheme| session(headers, scheme))
        };
        assert_eq!(found(&headers), [None, None]);
        headers.append(header::COOKIE, "a=b; waybill_session=".parse().unwrap());
        assert_eq!(found(&headers), [None, None]);
        headers.append(header::COOKIE, "x=y; waybill_session=1-2".parse().unwrap());
        assert_eq!(found(&headers), [Some("1-2".to_owned()), None]);
        let secure = "__Host-waybill_session=3-4".parse().unwrap();
        headers.append(header::COOKIE, secure);
        let both = [Some("1-2".to_owned()), Some("3-4".to_owned())];
        assert_eq!(found(&headers), both);
    }
}
