//! The doctor's checks of the broker's users, which only its management API shows: that Waybill's own
//! is no administrator, and that the user every RabbitMQ begins with is gone.

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::finding::Finding;
use super::management::Management;
use crate::config::Settings;

const ABOUT: &str = "broker";
const ADMINISTRATOR: &str = "administrator";
/// The user that a new RabbitMQ has, and its password.
const DEFAULT: &str = "guest";

/// A user as the management API shows it to that user.
#[derive(Debug, Deserialize)]
struct User {
    name: String,
    /// A list, or in older releases words separated by commas.
    tags: Value,
}

/// Everything about the users; nothing without `broker.management_url`.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let Some(Ok(management)) = Management::of(&settings.broker) else {
        return Vec::new();
    };
    match check(settings, &management).await {
        Ok(findings) => findings,
        Err(error) => {
            let message = format!("its users were not checked: {error}");
            let remedy = "check broker.management_url";
            vec![Finding::warn(ABOUT, message).remedy(remedy.to_owned())]
        }
    }
}

async fn check(settings: &Settings, management: &Management) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    let url = Url::parse(settings.broker.url.expose_secret());
    let url = url.map_err(|_| "broker.url is not a URL".to_owned())?;
    // As RabbitMQ's clients do where the URL names no user.
    let (user, password) = match url.username() {
        "" => (DEFAULT, DEFAULT),
        user => (user, url.password().unwrap_or_default()),
    };
    let own = management.with_login(user, password);
    // A user without a tag, as it should be, may not log in there.
    if let Some(own) = own.get::<User>("/api/whoami", None).await?
        && is_administrator(&own.tags)
    {
        let message = format!("{} is an administrator of the broker", own.name);
        let remedy = format!(
            "rabbitmqctl set_user_tags {} (no tag), and deploy/rabbitmq/permissions.sh for what it \
             needs",
            own.name
        );
        findings.push(Finding::warn(ABOUT, message).remedy(remedy));
    }
    let default = management.with_login(DEFAULT, DEFAULT);
    if default.get::<User>("/api/whoami", None).await?.is_some() {
        let message = "its user guest has the password that every new RabbitMQ begins with";
        let remedy = "rabbitmqctl delete_user guest";
        findings.push(Finding::warn(ABOUT, message).remedy(remedy.to_owned()));
    }
    if findings.is_empty() {
        let message = "its user is no administrator, and guest can't log in";
        findings.push(Finding::ok(ABOUT, message));
    }
    Ok(findings)
}

fn is_administrator(tags: &Value) -> bool {
    match tags {
        Value::Array(tags) => tags.iter().any(|tag| tag == ADMINISTRATOR),
        Value::String(tags) => tags.split(',').any(|tag| tag.trim() == ADMINISTRATOR),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_administrator_is_recognised_in_the_form_of_each_release() {
        for tags in [
            json!(["management", "administrator"]),
            json!("administrator,x"),
        ] {
            assert!(is_administrator(&tags), "{tags}");
        }
        for tags in [json!([]), json!(""), json!(["monitoring"]), json!(null)] {
            assert!(!is_administrator(&tags), "{tags}");
        }
    }
}
