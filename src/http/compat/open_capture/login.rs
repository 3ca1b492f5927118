//! `POST auth/login`: exchanges an API key for a token, which is the key itself. No session is
//! created, so the token is valid for as long as the key.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::request::fields;
use crate::clock;
use crate::domain::access::{Access, Scope};
use crate::http::state::Api;
use crate::http::web::keys::Credential;
use crate::http::web::memory_budget::BegunBody;
use crate::http::web::{HttpProblem, Peer, ProblemKind};

/// After how long clients log in again, unless the key expires before.
const MINUTES: i64 = 24 * 60;

/// Returns the token.
pub(super) async fn post(
    api: Api,
    ConnectInfo(peer): ConnectInfo<Peer>,
    body: Body,
) -> Result<Response, HttpProblem> {
    let body = BegunBody::of(body).await?.whole()?;
    let fields = fields(&body)?;
    let username = text(&fields, "username")?;
    let key = text(&fields, "password")?;
    let access = api.keys.admit(&Credential::Text(key.clone()), peer).await?;
    let found = api.store().find_key(&key).await?;
    let expires = found.and_then(|found| found.expires_at);
    let left = expires.map(|expires| expires.duration_since(clock::now()).as_mins());
    let minutes = left.map_or(MINUTES, |left| left.clamp(0, MINUTES));
    api.room().json(&welcome(&key, &username, &access, minutes))
}

/// The response body.
pub(super) fn welcome(key: &str, username: &str, access: &Access, minutes: i64) -> Value {
    let privileges = [
        (Scope::Read, &["monitoring"] as &[_]),
        (Scope::Write, &["access_verifier", "upload"]),
    ];
    let privileges = privileges.iter();
    let privileges = privileges.filter(|(scope, _)| access.allows(*scope));
    let privileges: Vec<_> = privileges.flat_map(|(_, names)| *names).collect();
    json!({
        "auth_token": key,
        "minutes_before_exp": minutes,
        "user": {
            "username": username,
            "firstname": "",
            "lastname": "",
            "enabled": true,
            "status": "OK",
            "privileges": privileges,
        },
    })
}

fn text(fields: &Map<String, Value>, name: &str) -> Result<String, HttpProblem> {
    let text = fields.get(name).and_then(Value::as_str);
    let text = text.filter(|text| !text.is_empty());
    let detail = format!("`{name}` must be a string that is not empty; the password is an API key");
    let missing = || HttpProblem::new(ProblemKind::InvalidBody, &detail);
    text.map(str::to_owned).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_returns_the_key_and_its_privileges() {
        let access = Access {
            tenant: "default".to_owned(),
            scopes: vec![Scope::Read],
        };
        let expected = json!({
            "auth_token": "wb_1_2",
            "minutes_before_exp": 1440,
            "user": {
                "username": "scanner",
                "firstname": "",
                "lastname": "",
                "enabled": true,
                "status": "OK",
                "privileges": ["monitoring"],
            },
        });
        assert_eq!(welcome("wb_1_2", "scanner", &access, 1_440), expected);
    }
}
