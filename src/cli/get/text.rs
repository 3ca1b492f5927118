//! A record as text for people.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use super::order;
use crate::cli::escape;
use crate::cli::output::Style;
use crate::core::{Process, Status};
use crate::store::record::{LoggedEvent, Record, StoredItem};
use crate::view::order::Order;
use crate::view::record::{Completion, completion};
use crate::view::step::Step;
use crate::view::words;

/// How many characters of one message are shown.
const MESSAGE_CHARS_MAX: usize = 400;

/// The whole answer.
pub(super) fn render(record: &Record, order: Option<&Order>, style: Style) -> String {
    let mut text = head(record, style);
    about(&mut text, record);
    if let Some(order) = order {
        order::write(&mut text, order, style);
    }
    history(&mut text, record, style);
    items(&mut text, record, style);
    late(&mut text, record, style);
    text
}

/// A line of history.
pub(in crate::cli) fn step_line(event: &LoggedEvent, style: Style) -> String {
    let step = Step::of(event);
    let state = step.state.as_deref().unwrap_or_default();
    let shown = format!("{:<7}", escape::line(state));
    let shown = match state {
        "error" => style.bad(&shown),
        "done" => style.good(&shown),
        _ => shown,
    };
    let said: Vec<_> = [&step.name, &step.message].into_iter().flatten().collect();
    let said: Vec<_> = said.iter().map(|text| escape::line(text)).collect();
    let late = if event.late { "  (late)" } else { "" };
    let said = cut(&said.join(": "));
    let line = format!("{:.3}  {shown}  {said}{late}", event.time);
    line.trim_end().to_owned()
}

/// The sentence about a process, in the colour of its status.
pub(in crate::cli) fn summary(process: &Process, created_at: Timestamp, style: Style) -> String {
    let words = words::summary(process, created_at);
    let words = escape::line(&words);
    match process.status() {
        Status::Done => style.good(&words),
        Status::Warning | Status::Cancelled => style.odd(&words),
        Status::Error => style.bad(&words),
        Status::Waiting | Status::Running => style.strong(&words),
    }
}

fn head(record: &Record, style: Style) -> String {
    let process = &record.process;
    let name = style.strong(&escape::line(&process.token));
    let (kind, tenant) = (process.kind.name(), escape::line(&process.tenant));
    let summary = summary(process, record.created_at, style);
    format!("{kind} {name} of tenant {tenant}\n{summary}\n")
}

fn about(text: &mut String, record: &Record) {
    let process = &record.process;
    let mut field = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "  {label:<12} {}", escape::line(&value));
        }
    };
    if let Some((stamp, opening)) = &process.opening {
        field("source", Some(stamp.source.clone()));
        field("file", opening.filename.clone());
        field("module", opening.module.clone());
        field("workflow", opening.workflow.clone());
        field("group", opening.group.clone());
        field("attributes", opening.attributes.as_deref().map(cut));
        field("opened", Some(format!("{:.0}", stamp.time)));
    }
    field("progress", words::progress(process));
    let missing = words::missing(process);
    if !missing.is_empty() {
        field("waiting for", Some(missing.join(" and ")));
    }
    let settle = |at: Timestamp| format!("{at:.0}, then it ends without the rest");
    field("waiting till", process.settle_at.map(settle));
    let deadline = |at: Timestamp| format!("{at:.0}, then it ends with an error");
    field("deadline", process.deadline_at.map(deadline));
    field(
        "ended",
        process
            .ended
            .as_ref()
            .map(|ended| ended_at(process, ended.at)),
    );
    field("completion", completion_words(record));
}

fn ended_at(process: &Process, at: Timestamp) -> String {
    let opened = process.opening.as_ref().map(|(stamp, _)| stamp.time);
    let took = opened.map(|opened| at.duration_since(opened));
    let to_millis = |took: SignedDuration| {
        SignedDuration::new(took.as_secs(), took.subsec_millis() * 1_000_000)
    };
    match took.map(to_millis) {
        Some(took) if took.is_positive() => format!("{at:.0}, after {took:#}"),
        Some(_) | None => format!("{at:.0}"),
    }
}

fn completion_words(record: &Record) -> Option<String> {
    let unroutable = record.unroutable_at.unwrap_or_default();
    Some(match (completion(record), record.outbox) {
        (Completion::None, _) => return None,
        (Completion::Sent, _) => "published and confirmed".to_owned(),
        (Completion::Pending, 1) => "still to be published".to_owned(),
        (Completion::Pending, rows) => format!("still to be published, {rows} messages"),
        (Completion::Unroutable, 0) => {
            format!("dropped: no queue was bound for it at {unroutable:.0}")
        }
        (Completion::Unroutable, _) => {
            format!("kept and tried again: no queue was bound for it at {unroutable:.0}")
        }
    })
}

fn history(text: &mut String, record: &Record, style: Style) {
    let steps: Vec<_> = record
        .events
        .iter()
        .filter(|event| Step::is(event))
        .collect();
    let seen = u64::try_from(record.events.len()).unwrap_or(u64::MAX);
    if steps.is_empty() && seen >= record.logged {
        return;
    }
    let _ = writeln!(text, "\n{}", style.strong("history"));
    for event in steps {
        let _ = writeln!(text, "  {}", step_line(event, style));
    }
    if seen < record.logged {
        let _ = writeln!(
            text,
            "  … of the first {seen} of {} events (--events N)",
            record.logged
        );
    }
}

fn items(text: &mut String, record: &Record, style: Style) {
    let counts = record.process.items;
    if counts.seen == 0 {
        return;
    }
    let failed = match counts.failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let title = format!("items ({}{failed})", counts.seen);
    let _ = writeln!(text, "\n{}", style.strong(&title));
    for item in &record.items {
        let _ = writeln!(text, "  {}", item_line(item, style));
    }
    let shown = u64::try_from(record.items.len()).unwrap_or(u64::MAX);
    if shown < counts.seen {
        let _ = writeln!(text, "  … and {} more (--items N)", counts.seen - shown);
    }
}

fn item_line(item: &StoredItem, style: Style) -> String {
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
        let _ = write!(line, "  {}", escape::line(&cut(&item.messages.join("; "))));
    }
    line
}

fn late(text: &mut String, record: &Record, style: Style) {
    if record.late == 0 {
        return;
    }
    let title = format!("late, after the end ({})", record.late);
    let _ = writeln!(text, "\n{}", style.strong(&title));
    for event in record.events.iter().filter(|event| event.late) {
        let (source, id) = (escape::line(&event.source), escape::line(&event.id));
        let (time, type_name) = (event.time, escape::line(&event.type_name));
        let _ = writeln!(text, "  {time:.3}  {type_name}  {source} {id}");
    }
}

pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
