//! The items of a process, all of them or the failed ones.

use maud::{Markup, html};

use super::request::{ERRORS, ONLY, ProcessRequest};
use crate::http::ui::{format, paths};
use crate::view::parts::LISTED_MAX;
use crate::view::record::{ItemView, View};

/// The table, and links to the rest.
pub(super) fn section(view: &View<'_>, query: &ProcessRequest) -> Markup {
    let items = view.items.as_deref().unwrap_or_default();
    let shown: Vec<_> = items
        .iter()
        .filter(|item| !query.errors_only || !item.ok)
        .collect();
    let (seen, failed) = (view.counts.unwrap_or_default().items, view.progress.failed);
    let count = if query.errors_only { failed } else { seen };
    let listed = u64::try_from(shown.len()).unwrap_or(u64::MAX);
    html! {
        @if seen > 0 {
            section {
                h2 { @if query.errors_only { "Failed items" } @else { "Items" } }
                p { (seen) " in all, " (failed) " failed. " (links(query, failed)) }
                @if shown.is_empty() { p.empty { "None failed." } }
                @else { (table(&shown)) }
                @if listed < count {
                    p.hint {
                        "These are " (listed) " of " (count) ", failed ones first; a page shows at most "
                        (LISTED_MAX) "."
                    }
                }
            }
        }
    }
}

/// Links to the other items, and to a file of the failed ones.
fn links(query: &ProcessRequest, failed: u64) -> Markup {
    let token = ("token", query.token.as_str());
    html! {
        @if query.errors_only { a href=(paths::process(&query.token)) { "Show all items" } }
        @else if failed > 0 { a href=(paths::with(paths::PROCESS, &[token, (ERRORS, ONLY)])) { "Show only failed items" } }
        @if failed > 0 { " · " a href=(paths::with(paths::ERRORS, &[token])) download { "Failed items as CSV" } }
    }
}

fn table(items: &[&ItemView<'_>]) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label="Items" {
            table.items {
                (format::heads(&["Item", "Outcome", "Messages", "Document"]))
                tbody { @for item in items { (row(item)) } }
            }
        }
    }
}

fn row(item: &ItemView<'_>) -> Markup {
    html! {
        tr {
            th scope="row" { bdi { (item.identifier) } }
            td { @if item.ok { "ok" } @else { span.failed { "failed" } } }
            td { @for message in item.messages.iter() { div { bdi { (message) } } } }
            td { @if let Some(document) = &item.document_id { bdi { (document) } } }
        }
    }
}
