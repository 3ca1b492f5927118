//! The kinds of values that settings accept: parsing and description.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use secrecy::SecretString;
use tracing_subscriber::filter::Targets;

use super::units::{parse_bytes, parse_duration, show_bytes, show_duration};
use super::values::Value;

/// How many characters of a wrong value a fault repeats.
const SHOWN_CHARS: usize = 60;
/// The password in the examples of `deploy/`.
const EXAMPLE_PASSWORD: &str = "change-me";
/// The paths of the native API and pages.
const RESERVED: [&str; 4] = ["/v1", "/docs", "/schemas", "/monitor"];

/// Which values a setting accepts.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// The path of a file.
    Path,
    /// A URL with one of these schemes; it carries a password, so it is never shown.
    SecretUrl(&'static [&'static str]),
    /// The URL of a server with one of these schemes, without a password.
    Url(&'static [&'static str]),
    /// A word that is never shown.
    Secret,
    /// A whole number within bounds, both included.
    Count(u64, u64),
    /// A size within bounds, both included.
    Bytes(u64, u64),
    /// A duration within bounds, both included.
    Duration(Duration, Duration),
    /// A duration within bounds, or `off`.
    DurationOrOff(Duration, Duration),
    /// A path prefix of one segment, or `off`.
    PrefixOrOff,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An address and port to listen on.
    Address,
    /// A filter for log lines.
    Filter,
    /// Addresses and networks, separated by commas.
    Networks,
}

impl Kind {
    /// The allowed values, in full, for a fault.
    #[must_use]
    pub fn allowed(&self) -> String {
        let range = self.range();
        match self {
            Self::Count(_, _) => format!("a whole number from {range}"),
            Self::Bytes(_, _) => format!("a size such as `64KiB` or `2MiB`, from {range}"),
            Self::Duration(_, _) => format!("a duration such as `250ms` or `30s`, from {range}"),
            Self::DurationOrOff(_, _) => format!("a duration such as `250ms` or `30s`, {range}"),
            Self::Address => format!("{range}, such as `127.0.0.1:9464`"),
            Self::Filter => format!("{range}, such as `info` or `warn,waybill=debug`"),
            Self::PrefixOrOff => format!(
                "{range}, of lower-case characters, digits and hyphens, except {}",
                or(&RESERVED, "")
            ),
            Self::Networks => format!("{range}, such as `10.0.0.0/8,192.0.2.7`"),
            Self::Text
            | Self::Path
            | Self::SecretUrl(_)
            | Self::Url(_)
            | Self::Secret
            | Self::Choice(_) => range,
        }
    }

    /// The allowed values, in short, for a table.
    #[must_use]
    pub fn range(&self) -> String {
        match self {
            Self::Text => "any text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::SecretUrl(schemes) | Self::Url(schemes) => {
                format!("a URL that starts with {}", or(schemes, "://"))
            }
            Self::Secret => "one word of printable ASCII characters".to_owned(),
            Self::Count(min, max) => format!("{min} to {max}"),
            Self::Bytes(min, max) => format!("{} to {}", show_bytes(*min), show_bytes(*max)),
            Self::Duration(min, max) => durations(*min, *max),
            Self::DurationOrOff(min, max) => format!("{}, or `off`", durations(*min, *max)),
            Self::PrefixOrOff => "a path of one segment such as `/name`, or `off`".to_owned(),
            Self::Choice(words) => or(words, ""),
            Self::Address => "an address and a port".to_owned(),
            Self::Filter => "levels and targets".to_owned(),
            Self::Networks => "addresses and networks, with commas between them".to_owned(),
        }
    }

    /// Parses a value; on failure returns the problem, without repeating a secret.
    pub(super) fn parse(&self, text: &str) -> Result<Value, String> {
        match self {
            Self::DurationOrOff(_, _) | Self::PrefixOrOff if text == "off" => Ok(Value::Absent),
            Self::Text | Self::Path => Ok(Value::Text(text.to_owned())),
            Self::SecretUrl(schemes) => {
                parse_url(text, schemes)?;
                refuse_example(text)?;
                Ok(Value::Secret(SecretString::from(text)))
            }
            Self::Url(schemes) => parse_open_url(text, schemes),
            Self::Secret => parse_secret(text),
            Self::Count(min, max) => text
                .parse()
                .map_err(|_| format!("{} is not a whole number", quoted(text)))
                .and_then(|number| within(number, *min, *max, text))
                .map(Value::Number),
            Self::Bytes(min, max) => parse_bytes(text)
                .ok_or_else(|| format!("{} is not a size", quoted(text)))
                .and_then(|bytes| within(bytes, *min, *max, text))
                .map(Value::Number),
            Self::Duration(min, max) | Self::DurationOrOff(min, max) => parse_duration(text)
                .ok_or_else(|| format!("{} is not a duration with a unit", quoted(text)))
                .and_then(|duration| within(duration, *min, *max, text))
                .map(Value::Duration),
            Self::PrefixOrOff => parse_prefix(text),
            Self::Choice(words) if words.contains(&text) => Ok(Value::Text(text.to_owned())),
            Self::Choice(_) => Err(format!("{} is not one of the choices", quoted(text))),
            Self::Address => SocketAddr::from_str(text)
                .map(Value::Address)
                .map_err(|_| format!("{} is not an address with a port", quoted(text))),
            Self::Networks => match text.parse() {
                Ok(networks) => Ok(Value::Networks(networks)),
                Err(wrong) => Err(format!("{wrong} is neither an address nor a network")),
            },
            Self::Filter => Targets::from_str(text)
                .map(|_| Value::Text(text.to_owned()))
                .map_err(|_| format!("{} is not a filter", quoted(text))),
        }
    }
}

fn parse_url(text: &str, schemes: &[&str]) -> Result<(), String> {
    let known = text
        .split_once("://")
        .is_some_and(|(scheme, rest)| schemes.contains(&scheme) && !rest.is_empty());
    if !known {
        return Err("is not such a URL (its value is not shown)".to_owned());
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("contains white space (its value is not shown)".to_owned());
    }
    Ok(())
}

/// Refuses the password of the examples in `deploy/`, which everyone knows.
fn refuse_example(url: &str) -> Result<(), String> {
    let login = url
        .split_once("://")
        .and_then(|(_, rest)| rest.rsplit_once('@'));
    let password = login.and_then(|(login, _)| login.split_once(':'));
    match password {
        Some((_, password)) if password.starts_with(EXAMPLE_PASSWORD) => Err(format!(
            "still has the password `{EXAMPLE_PASSWORD}` of an example: choose another one"
        )),
        _ => Ok(()),
    }
}

/// Such a URL is shown, so it must not contain credentials.
fn parse_open_url(text: &str, schemes: &[&str]) -> Result<Value, String> {
    parse_url(text, schemes)?;
    if text.contains(['@', '?', '#']) {
        return Err("has a user, a query or a fragment (its value is not shown)".to_owned());
    }
    match url::Url::parse(text) {
        Ok(_) => Ok(Value::Text(text.to_owned())),
        Err(error) => Err(format!("{} is not a URL: {error}", quoted(text))),
    }
}

fn parse_secret(text: &str) -> Result<Value, String> {
    match text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(Value::Secret(SecretString::from(text))),
        false => Err("is not a single word in ASCII (its value is not shown)".to_owned()),
    }
}

fn parse_prefix(text: &str) -> Result<Value, String> {
    let name = text.strip_prefix('/').unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || !name.bytes().all(is_plain) {
        return Err(format!("{} is not such a path", quoted(text)));
    }
    match RESERVED.contains(&text) {
        true => Err(format!("{} is reserved", quoted(text))),
        false => Ok(Value::Text(text.to_owned())),
    }
}

fn within<T: PartialOrd>(value: T, min: T, max: T, text: &str) -> Result<T, String> {
    if value < min {
        Err(format!("{} is too small", quoted(text)))
    } else if value > max {
        Err(format!("{} is too large", quoted(text)))
    } else {
        Ok(value)
    }
}

fn durations(min: Duration, max: Duration) -> String {
    format!("{} to {}", show_duration(min), show_duration(max))
}

fn or(words: &[&str], ending: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{w}{ending}`")).collect();
    quoted.join(" or ")
}

/// A wrong value as it was written, cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_CHARS).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("`{}{more}`", shown.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(kind: Kind, text: &str) -> String {
        kind.parse(text).err().unwrap()
    }

    #[test]
    fn bounds_are_included() {
        let kind = Kind::Count(1, 256);
        assert!(kind.parse("1").is_ok() && kind.parse("256").is_ok());
        assert_eq!(wrong(kind, "0"), "`0` is too small");
        assert_eq!(wrong(kind, "257"), "`257` is too large");
        assert_eq!(wrong(kind, "-1"), "`-1` is not a whole number");
    }

    #[test]
    fn a_wrong_secret_is_not_repeated() {
        let kind = Kind::SecretUrl(&["amqp", "amqps"]);
        for text in [
            "http://user:hunter2@host",
            "hunter2",
            "amqp://hunter2 @host",
        ] {
            assert!(!wrong(kind, text).contains("hunter2"));
        }
        assert!(kind.parse("amqps://user:hunter2@host/%2f").is_ok());
    }

    #[test]
    fn the_password_of_an_example_is_refused() {
        let kind = Kind::SecretUrl(&["postgres"]);
        for password in ["change-me", "change-me-too"] {
            let url = format!("postgres://waybill_run:{password}@db.example/waybill");
            assert!(wrong(kind, &url).contains("of an example"), "{url}");
        }
        assert!(
            kind.parse("postgres://change-me:hunter2@change-me/w")
                .is_ok()
        );
    }

    #[test]
    fn a_url_that_is_shown_contains_no_password() {
        let kind = Kind::Url(&["http", "https"]);
        for text in [
            "http://user:hunter2@host",
            "https://host?key=hunter2",
            "ftp://hunter2",
        ] {
            assert!(!wrong(kind, text).contains("hunter2"));
        }
        assert!(wrong(kind, "http://host:port").contains("port"));
        assert!(kind.parse("https://waybill.example:8080/prefix").is_ok());
        assert!(!wrong(Kind::Secret, "hunter2 hunter2").contains("hunter2"));
    }

    #[test]
    fn a_prefix_is_one_path_segment_that_is_not_reserved() {
        let kind = Kind::PrefixOrOff;
        for text in ["/omflow", "/open-capture", "/2", "off"] {
            assert!(kind.parse(text).is_ok(), "{text}");
        }
        for text in ["", "/", "omflow", "/a/b", "/A", "/{x}", "/*", "/a b"] {
            assert!(wrong(kind, text).contains("not such a path"), "{text}");
        }
        assert!(wrong(kind, "/v1").contains("reserved"));
    }

    #[test]
    fn a_long_wrong_value_is_cut() {
        assert!(wrong(Kind::Count(0, 1), &"x".repeat(10_000)).len() < 200);
    }
}
