//! The number of dead letters of each reason.

use crate::http::ui::Viewer;
use crate::http::ui::whose::Whose;
use crate::http::web::HttpProblem;
use crate::store::read::dead_letters::DeadLetterGroup;
use crate::store::write::dead_letter::DeadLetterSelection;

/// The highest exact count of one reason.
pub(super) const COUNT_MAX: u64 = 10_000;

pub(super) async fn groups(
    viewer: &Viewer,
    whose: Whose,
) -> Result<Vec<DeadLetterGroup>, HttpProblem> {
    let Viewer { api, access } = viewer;
    // One more shows that the count is not exact.
    let count_max = i64::try_from(COUNT_MAX + 1).unwrap_or(i64::MAX);
    Ok(api
        .store()
        .dead_letter_groups(whose.tenant(access), count_max)
        .await?)
}

/// The number of selected dead letters, in words.
pub(in crate::http) async fn counted(
    viewer: &Viewer,
    dead_letters: &DeadLetterSelection,
) -> Result<String, HttpProblem> {
    if dead_letters.dead_letter.is_some() {
        return Ok("1 dead letter".to_owned());
    }
    let reason = dead_letters.reason.as_deref();
    let groups = groups(viewer, Whose::Own).await?;
    let selected = groups
        .iter()
        .filter(|group| reason.is_none_or(|reason| reason == group.reason));
    let counts: Vec<u64> = selected.map(|group| group.dead_letters).collect();
    let sum = counts.iter().sum();
    let exact = counts.iter().all(|count| *count <= COUNT_MAX);
    Ok(match (sum, exact) {
        (1, true) => "1 dead letter".to_owned(),
        (sum, true) => format!("{sum} dead letters"),
        (_, false) => format!("more than {COUNT_MAX} dead letters"),
    })
}

pub(super) fn count(dead_letters: u64) -> String {
    match dead_letters {
        ..=COUNT_MAX => dead_letters.to_string(),
        _ => format!("over {COUNT_MAX}"),
    }
}
