//! How many dead letters there are of each reason.

use crate::http::ui::viewer::Viewer;
use crate::http::web::problem::HttpProblem;
use crate::store::read::dead_letters::LetterGroup;
use crate::store::write::dead_letter::Letters;

/// So many letters of a reason are counted.
pub(super) const COUNT_MAX: u64 = 10_000;

pub(super) async fn groups(viewer: &Viewer) -> Result<Vec<LetterGroup>, HttpProblem> {
    let Viewer { api, access } = viewer;
    // One more tells that there are more.
    let count_max = i64::try_from(COUNT_MAX + 1).unwrap_or(i64::MAX);
    Ok(api.store.letter_groups(&access.tenant, count_max).await?)
}

/// How many letters are meant, in words.
pub(in crate::http) async fn counted(
    viewer: &Viewer,
    letters: &Letters,
) -> Result<String, HttpProblem> {
    if letters.letter.is_some() {
        return Ok("1 letter".to_owned());
    }
    let reason = letters.reason.as_deref();
    let groups = groups(viewer).await?;
    let meant = groups
        .iter()
        .filter(|group| reason.is_none_or(|reason| reason == group.reason));
    let counts: Vec<u64> = meant.map(|group| group.letters).collect();
    let sum = counts.iter().sum();
    let exact = counts.iter().all(|count| *count <= COUNT_MAX);
    Ok(match (sum, exact) {
        (1, true) => "1 letter".to_owned(),
        (sum, true) => format!("{sum} letters"),
        (_, false) => format!("more than {COUNT_MAX} letters"),
    })
}

pub(super) fn count(letters: u64) -> String {
    match letters {
        ..=COUNT_MAX => letters.to_string(),
        _ => format!("over {COUNT_MAX}"),
    }
}
