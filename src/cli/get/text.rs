//! A record as text.

use std::borrow::Cow;
use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use super::order;
use super::order::truncated;
use crate::cli::escape;
use crate::cli::output::Style;
use crate::domain::Status;
use crate::view::record::{CompletionState, ItemView, StepView, View};
use crate::view::summary;

/// The whole record.
pub(super) fn render(record: &View<'_>, style: Style) -> String {
    let mut text = head(record, style);
    about(&mut text, record);
    if let Some(order) = &record.order {
        order::write(&mut text, order, style);
    }
    history(&mut text, record, style);
    items(&mut text, record, style);
    late(&mut text, record, style);
    text
}

/// A line of history.
pub(in crate::cli) fn step_line(step: &StepView, style: Style) -> String {
    let state = step.state.as_deref().unwrap_or_default();
    let shown = format!("{:<7}", escape::line(state));
    let shown = match state {
        "error" => style.bad(&shown),
        "done" => style.good(&shown),
        _ => shown,
    };
    let parts: Vec<_> = [&step.name, &step.message].into_iter().flatten().collect();
    let parts: Vec<_> = parts.iter().map(|text| escape::line(text)).collect();
    let late = if step.late { "  (late)" } else { "" };
    let text = truncated(&parts.join(": "));
    let line = format!("{:.3}  {shown}  {text}{late}", step.time);
    line.trim_end().to_owned()
}

/// The summary of a process, in the colour of its status.
pub(in crate::cli) fn summary(text: &str, status: &str, style: Style) -> String {
    let text = escape::line(text);
    match Status::from_name(status) {
        Some(Status::Done) => style.good(&text),
        Some(Status::Warning | Status::Cancelled) => style.warning(&text),
        Some(Status::Error) => style.bad(&text),
        Some(Status::Waiting | Status::Running) | None => style.strong(&text),
    }
}

fn head(record: &View<'_>, style: Style) -> String {
    let name = style.strong(&escape::line(&record.token));
    let kind = escape::line(record.kind.as_deref().unwrap_or("process"));
    let tenant = escape::line(&record.tenant);
    let summary = summary(&record.summary, &record.status, style);
    format!("{kind} {name} of tenant {tenant}\n{summary}\n")
}

fn about(text: &mut String, record: &View<'_>) {
    let mut field = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "  {label:<12} {}", escape::line(&value));
        }
    };
    if let Some(opening) = &record.opening {
        let owned = |text: &Option<Cow<'_, str>>| text.as_ref().map(ToString::to_string);
        field("source", Some(opening.source.to_string()));
        field("file", owned(&opening.filename));
        field("module", owned(&opening.module));
        field("workflow", owned(&opening.workflow));
        field("group", owned(&opening.group));
        let attributes = opening.attributes.as_ref();
        field("attributes", attributes.map(|a| truncated(&a.to_string())));
    }
    field("opened", record.opened_at.map(|at| format!("{at:.0}")));
    let progress = &record.progress;
    let progress = summary::progress(progress.done, progress.total, progress.failed);
    field("progress", progress);
    if !record.waiting_for.is_empty() {
        field("waiting for", Some(record.waiting_for.join(" and ")));
    }
    let settle = |at: Timestamp| format!("{at:.0}, then it ends without the rest");
    field("waits until", record.settle_at.map(settle));
    let deadline = |at: Timestamp| format!("{at:.0}, then it ends with an error");
    field("deadline", record.deadline_at.map(deadline));
    field(
        "ended",
        record.ended_at.map(|at| ended_at(record.opened_at, at)),
    );
    field("completion", completion(record));
}

fn ended_at(opened: Option<Timestamp>, at: Timestamp) -> String {
    let took = opened.map(|opened| at.duration_since(opened));
    let to_millis = |took: SignedDuration| {
        SignedDuration::new(took.as_secs(), took.subsec_millis() * 1_000_000)
    };
    match took.map(to_millis) {
        Some(took) if took.is_positive() => format!("{at:.0}, after {took:#}"),
        Some(_) | None => format!("{at:.0}"),
    }
}

fn completion(record: &View<'_>) -> Option<String> {
    let unroutable = record.unroutable_at.unwrap_or_default();
    Some(match (record.completion, record.outbox) {
        (CompletionState::None, _) => return None,
        (CompletionState::Sent, _) => "published and confirmed".to_owned(),
        (CompletionState::Pending, 1) => "not published yet".to_owned(),
        (CompletionState::Pending, rows) => format!("not published yet, {rows} messages"),
        (CompletionState::Unroutable, 0) => {
            format!("dropped: no queue was bound for it at {unroutable:.0}")
        }
        (CompletionState::Unroutable, _) => {
            format!("kept and retried: no queue was bound for it at {unroutable:.0}")
        }
    })
}

fn history(text: &mut String, record: &View<'_>, style: Style) {
    let steps = record.history.as_deref().unwrap_or_default();
    let seen = count(record.events.as_deref());
    let logged = record.counts.unwrap_or_default().events;
    if steps.is_empty() && seen >= logged {
        return;
    }
    let _ = writeln!(text, "\n{}", style.strong("history"));
    for step in steps {
        let _ = writeln!(text, "  {}", step_line(step, style));
    }
    if seen < logged {
        let _ = writeln!(
            text,
            "  … history of the first {seen} of {logged} events (--events N)"
        );
    }
}

fn items(text: &mut String, record: &View<'_>, style: Style) {
    let seen = record.counts.unwrap_or_default().items;
    if seen == 0 {
        return;
    }
    let failed = match record.progress.failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let title = format!("items ({seen}{failed})");
    let _ = writeln!(text, "\n{}", style.strong(&title));
    for item in record.items.iter().flatten() {
        let _ = writeln!(text, "  {}", item_line(item, style));
    }
    let shown = count(record.items.as_deref());
    if shown < seen {
        let _ = writeln!(text, "  … and {} more (--items N)", seen - shown);
    }
}

fn item_line(item: &ItemView<'_>, style: Style) -> String {
    let state = if item.ok {
        style.good("ok  ")
    } else {
        style.bad("FAIL")
    };
    let mut line = format!("{state}  {}", escape::line(&item.identifier));
    if let Some(document) = &item.document_id {
        let _ = write!(line, "  document {}", escape::line(document));
    }
    if !item.messages.is_empty() {
        let _ = write!(
            line,
            "  {}",
            escape::line(&truncated(&item.messages.join("; ")))
        );
    }
    line
}

fn late(text: &mut String, record: &View<'_>, style: Style) {
    let late = record.counts.unwrap_or_default().late;
    if late == 0 {
        return;
    }
    let title = format!("late events ({late})");
    let _ = writeln!(text, "\n{}", style.strong(&title));
    for event in record.late.iter().flatten() {
        let (source, id) = (escape::line(&event.source), escape::line(&event.id));
        let (time, type_name) = (event.time, escape::line(&event.type_name));
        let _ = writeln!(text, "  {time:.3}  {type_name}  {source} {id}");
    }
}

fn count<T>(list: Option<&[T]>) -> u64 {
    list.map_or(0, |list| u64::try_from(list.len()).unwrap_or(u64::MAX))
}
