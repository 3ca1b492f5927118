//! What the demo prints: one line for every push of its own and for every completion.

use super::audience::Heard;
use super::clerk::Task;
use crate::cli::output;
use crate::wire::PlainEvent;

/// A process that has ended.
pub(super) fn completion(heard: &Heard) -> anyhow::Result<()> {
    let Heard {
        token,
        status,
        name,
        progress,
        elapsed,
    } = heard;
    output::line(&format!(
        "completion  {status:<9}  {name:<20}  {progress:<14}  {elapsed:>5.2} s  {token}"
    ))?;
    Ok(())
}

/// An order that is moved on.
pub(super) fn push(task: &Task, push: &PlainEvent) -> anyhow::Result<()> {
    let outcome = push
        .data
        .get("outcome")
        .and_then(|outcome| outcome.as_str());
    let (workflow, stage, token) = (&task.workflow, &task.stage, &task.token);
    let outcome = outcome.unwrap_or_default();
    output::line(&format!(
        "push        {stage:<9}  {workflow:<20}  {outcome:<14}  {blank:>7}  {token}",
        blank = ""
    ))?;
    Ok(())
}
