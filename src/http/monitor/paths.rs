//! Where the pages are.

use form_urlencoded::Serializer;

pub(in crate::http) const PROCESSES: &str = "/";
/// Below this is everything else.
pub(in crate::http) const BELOW: &str = "/monitor";
/// One process, by the parameter `token`: in a path, browsers would take `..` for a step up.
pub(super) const PROCESS: &str = "/monitor/process";
pub(super) const DEAD_LETTERS: &str = "/monitor/dead-letters";
pub(super) const LETTERS_OF_REASON: &str = "/monitor/dead-letters/reason";
pub(super) const DEAD_LETTER: &str = "/monitor/dead-letter";
pub(super) const DEAD_LETTER_BODY: &str = "/monitor/dead-letter/body";
pub(super) const REPLAYS: &str = "/monitor/replays";
pub(super) const CONFIRM_REPLAY: &str = "/monitor/replays/confirm";
pub(super) const REPLAY: &str = "/monitor/replay";
pub(super) const STOP_REPLAY: &str = "/monitor/replay/stop";
pub(super) const LOGIN: &str = "/monitor/login";
pub(super) const LOGOUT: &str = "/monitor/logout";
pub(super) const ASSETS: &str = "/monitor/assets/{name}";

/// The page of one process.
pub(super) fn process(token: &str) -> String {
    with(PROCESS, &[("token", token)])
}

/// A page, asked for with these parameters.
pub(super) fn with(path: &str, parameters: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    let begun = format!("{path}?");
    let length = begun.len();
    let mut query = Serializer::for_suffix(begun, length);
    query.extend_pairs(parameters);
    query.finish()
}
