//! `POST /Authenticate`: exchanges a login and a password for a token. Both the password and the
//! token are the API key: nothing else gives access to a box here.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};

use super::form;
use super::proto::LoginPassword;
use super::request::parameter;
use crate::http::state::Api;
use crate::http::web::keys::Credential;
use crate::http::web::memory_budget::BegunBody;
use crate::http::web::{HttpProblem, Peer, ProblemKind, uncached};

/// The only supported type of authentication.
const PASSWORD: &str = "password";

const NO_PASSWORD: &str = "the password is missing: send login and password as parameters of the \
                           query or in the body; the password is an API key, the login may be anything";
const OTHER_TYPE: &str = "the parameter type must be password: no other type is supported";

/// Returns the token.
pub(super) async fn post(
    api: Api,
    ConnectInfo(peer): ConnectInfo<Peer>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpProblem> {
    let invalid = |detail| HttpProblem::new(ProblemKind::InvalidParameter, detail);
    if parameter(&uri, "type").is_some_and(|type_| !type_.eq_ignore_ascii_case(PASSWORD)) {
        return Err(invalid(OTHER_TYPE));
    }
    let password = match parameter(&uri, PASSWORD) {
        Some(password) => password,
        None => {
            let body = BegunBody::of(body).await?.whole()?;
            let login: LoginPassword = form::read("LoginPassword", &headers, &body)?;
            login.password
        }
    };
    if password.is_empty() {
        return Err(invalid(NO_PASSWORD));
    }
    api.keys
        .admit(&Credential::Text(password.clone()), peer)
        .await?;
    Ok((uncached("text/plain; charset=utf-8"), password).into_response())
}
