//! What every page has in common: the frame around its content.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::paths;
use crate::domain::access::{Access, Scope};

/// A page.
pub(super) struct Page {
    /// The tab it belongs to.
    pub(super) tab: Tab,
    pub(super) title: String,
    /// Its content.
    pub(super) main: Markup,
}

/// The parts of the monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    /// Lists and single processes.
    Processes,
    /// The last hour as charts.
    Charts,
    /// Dead letters and their replays.
    DeadLetters,
    /// The workflows of orders.
    Workflows,
}

impl Tab {
    const ALL: [Self; 4] = [
        Self::Processes,
        Self::Charts,
        Self::DeadLetters,
        Self::Workflows,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Processes => "Processes",
            Self::Charts => "Charts",
            Self::DeadLetters => "Dead letters",
            Self::Workflows => "Workflows",
        }
    }

    fn is_for(self, access: &Access) -> bool {
        self != Self::Charts || access.oversees()
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Processes => paths::PROCESSES,
            Self::Charts => paths::CHARTS,
            Self::DeadLetters => paths::DEAD_LETTERS,
            Self::Workflows => paths::WORKFLOWS,
        }
    }
}

/// The page in its frame, with the tabs and actions that this access allows.
pub(super) fn framed(page: &Page, access: &Access) -> Markup {
    let header = html! {
        nav aria-label="Pages" {
            @for tab in Tab::ALL.into_iter().filter(|tab| tab.is_for(access)) {
                a href=(tab.path()) aria-current=[(tab == page.tab).then_some("page")] { (tab.name()) }
            }
        }
        div.who {
            span #live role="status" {}
            button #pause type="button" hidden aria-pressed="false" { "Pause" }
            span { "tenant " b { (access.tenant) } }
            @if !access.allows(Scope::Admin) { span.mark title="changes require a key with the scope admin" { "read only" } }
            form method="post" action=(paths::LOGOUT) { button type="submit" { "Log out" } }
        }
    };
    document(&page.title, &header, &page.main)
}

/// A page for a viewer who is not authenticated.
pub(super) fn bare(title: &str, main: &Markup) -> Markup {
    document(title, &html! {}, main)
}

fn document(title: &str, header: &Markup, main: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) " · Waybill" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" type="image/svg+xml" href="/monitor/assets/icon.svg";
                link rel="stylesheet" href="/monitor/assets/monitor.css";
                script src="/monitor/assets/monitor.js" defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header { a.brand href="/" { "Waybill" } (header) }
                main #main tabindex="-1" { (main) }
                footer {
                    "Waybill " (env!("CARGO_PKG_VERSION")) " · times are UTC · "
                    a href="/docs" { "API documentation" }
                }
            }
        }
    }
}

/// A response with a page.
pub(super) fn html_answer(status: StatusCode, page: &Markup) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, page.0.clone()).into_response()
}
