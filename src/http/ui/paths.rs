//! The paths of the pages.

use form_urlencoded::Serializer;
use uuid::Uuid;

use super::whose::Whose;

pub(in crate::http) const PROCESSES: &str = "/";
/// All other paths are below this one.
pub(in crate::http) const BELOW: &str = "/monitor";
/// One process, by the parameter `token`: in a path, browsers would resolve `..`.
pub(super) const PROCESS: &str = "/monitor/process";
/// Its failed items as a file, by the parameter `token`.
pub(super) const ERRORS: &str = "/monitor/process/errors.csv";
/// Sends its completion again.
pub(super) const RESEND: &str = "/monitor/process/resend";
pub(super) const WORKFLOWS: &str = "/monitor/workflows";
/// One workflow, by the parameters `name` and `version`.
pub(super) const WORKFLOW: &str = "/monitor/workflow";
pub(super) const CHARTS: &str = "/monitor/charts";
pub(super) const DEAD_LETTERS: &str = "/monitor/dead-letters";
pub(super) const DEAD_LETTERS_OF_REASON: &str = "/monitor/dead-letters/reason";
pub(super) const DEAD_LETTER: &str = "/monitor/dead-letter";
pub(super) const DEAD_LETTER_BODY: &str = "/monitor/dead-letter/body";
pub(super) const REPLAYS: &str = "/monitor/replays";
pub(super) const CONFIRM_REPLAY: &str = "/monitor/replays/confirm";
pub(super) const REPLAY: &str = "/monitor/replay";
pub(super) const STOP_REPLAY: &str = "/monitor/replay/stop";
pub(super) const AUDIT: &str = "/monitor/audit";
pub(super) const SESSIONS: &str = "/monitor/sessions";
/// Ends sessions.
pub(super) const END_SESSIONS: &str = "/monitor/sessions/end";
pub(super) const LOGIN: &str = "/monitor/login";
pub(super) const LOGOUT: &str = "/monitor/logout";
pub(super) const ASSETS: &str = "/monitor/assets/{name}";

/// The page of one process.
pub(super) fn process(token: &str) -> String {
    with(PROCESS, &[("token", token)])
}

/// The page of a workflow, or of one version of it.
pub(super) fn workflow(name: &str, version: Option<i32>) -> String {
    let version = version.map(|version| version.to_string());
    let name = ("name", name);
    let version = version.as_deref().map(|version| ("version", version));
    let parameters: Vec<_> = [name].into_iter().chain(version).collect();
    with(WORKFLOW, &parameters)
}

/// The page of a dead letter.
pub(super) fn dead_letter(id: Uuid) -> String {
    with(DEAD_LETTER, &[("id", id.to_string())])
}

/// The dead letters of a reason, or those after a cursor.
pub(super) fn dead_letters_of(whose: Whose, reason: &str, after: Option<String>) -> String {
    let mut parameters = vec![("name", reason.to_owned())];
    if whose == Whose::Unknown {
        parameters.push(("of", whose.name().to_owned()));
    }
    parameters.extend(after.map(|after| ("after", after)));
    with(DEAD_LETTERS_OF_REASON, &parameters)
}

/// The page of a replay.
pub(super) fn replay(id: Uuid) -> String {
    with(REPLAY, &[("id", id.to_string())])
}

/// The path of a page with these parameters.
pub(super) fn with(path: &str, parameters: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    let prefix = format!("{path}?");
    let length = prefix.len();
    let mut query = Serializer::for_suffix(prefix, length);
    query.extend_pairs(parameters);
    query.finish()
}
