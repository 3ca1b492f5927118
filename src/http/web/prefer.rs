//! The header `Prefer` (RFC 7240); only `wait` is supported.

use std::time::Duration;

use axum::http::HeaderMap;

/// The longest wait; a client may send the request again to wait longer.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(60);

/// How long the client prefers to wait, at most [`WAIT_MAX`]. An unreadable preference is ignored.
pub(in crate::http) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all("prefer").iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let mut preferences = texts.flat_map(|text| text.split([',', ';']));
    let seconds = preferences.find_map(|preference| {
        let (name, value) = preference.split_once('=')?;
        let is_wait = name.trim().eq_ignore_ascii_case("wait");
        let value = value.trim().trim_matches('"');
        is_wait.then(|| value.parse::<u64>().ok()).flatten()
    })?;
    Some(Duration::from_secs(seconds).min(WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_found_among_other_preferences_and_has_a_limit() {
        let wait_of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", text.parse().unwrap());
            wait(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(wait_of("wait=30"), Some(30));
        assert_eq!(wait_of("respond-async, Wait = \"5\""), Some(5));
        assert_eq!(wait_of("wait=99999999"), Some(60));
        for nothing in ["respond-async", "wait=soon", "wait=-1", "wait", ""] {
            assert_eq!(wait_of(nothing), None, "{nothing}");
        }
    }
}
