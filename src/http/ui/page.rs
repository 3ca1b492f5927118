//! What every page has in common: its request, which is answered once or by a stream of its changes,
//! and the frame around its content.

pub(super) mod sse;

use std::future::Future;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::paths;
use crate::domain::access::{Access, Scope};
use crate::http::state::Api;
use crate::http::web::streams::Streams;
use crate::http::web::{Caller, HttpProblem, Parameters, Pass, uncached};

const HTML: &str = "text/html; charset=utf-8";

/// A page.
pub(super) struct Page {
    /// The tab it belongs to.
    tab: Tab,
    title: String,
    /// Its content.
    main: Markup,
}

/// What a page is rendered from, and the viewer's access.
#[derive(Clone)]
pub(super) struct Viewer {
    pub(super) api: Api,
    pub(super) access: Access,
}

/// A request for a page.
pub(super) struct PageRequest {
    viewer: Viewer,
    pass: Pass,
    parameters: Parameters,
    /// The budget of streams, if a stream was requested.
    streams: Option<Streams>,
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
    /// Who did what, and sessions.
    Audit,
}

impl Tab {
    const ALL: [(Self, &str, &str); 5] = [
        (Self::Processes, "Processes", paths::PROCESSES),
        (Self::Charts, "Charts", paths::CHARTS),
        (Self::DeadLetters, "Dead letters", paths::DEAD_LETTERS),
        (Self::Workflows, "Workflows", paths::WORKFLOWS),
        (Self::Audit, "Audit", paths::AUDIT),
    ];

    fn is_for(self, access: &Access) -> bool {
        match self {
            Self::Processes | Self::DeadLetters | Self::Workflows => true,
            Self::Charts => access.oversees(),
            Self::Audit => access.allows(Scope::Admin),
        }
    }
}

impl Page {
    pub(super) fn new(tab: Tab, title: impl Into<String>, main: Markup) -> Self {
        let title = title.into();
        Self { tab, title, main }
    }
}

impl PageRequest {
    /// Takes its query parameters.
    pub(super) fn parameters(&mut self) -> Parameters {
        std::mem::take(&mut self.parameters)
    }

    /// The code of the viewer's session, if there is one.
    pub(super) fn session(&self) -> Option<&str> {
        self.pass.session()
    }

    /// Responds with the page, once or as a stream.
    pub(super) async fn show<F>(
        self,
        render: impl Fn(Viewer) -> F + Send + 'static,
    ) -> Result<Response, HttpProblem>
    where
        F: Future<Output = Result<Page, HttpProblem>> + Send + 'static,
    {
        if let Some(streams) = &self.streams {
            return sse::stream(streams, self.viewer, self.pass, render);
        }
        let page = render(self.viewer.clone()).await?;
        let text = framed(&page, &self.viewer.access).into_string();
        let body = self.viewer.api.room().answer(text.into_bytes())?;
        let varies = [(header::VARY, "accept")];
        Ok((uncached(HTML), varies, body).into_response())
    }
}

impl FromRequestParts<Api> for PageRequest {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, HttpProblem> {
        let Caller(access) = Caller::from_request_parts(parts, api).await?;
        let pass = Pass::from_request_parts(parts, api).await?;
        let parameters = Parameters::from_request_parts(parts, api).await?;
        let streams = parts.extensions.get::<Streams>().cloned();
        let viewer = Viewer {
            api: api.of(&access.tenant),
            access,
        };
        Ok(Self {
            viewer,
            pass,
            parameters,
            streams: streams.filter(|_| sse::is_requested(&parts.headers)),
        })
    }
}

/// The page in its frame, with the tabs and actions that this access allows.
pub(super) fn framed(page: &Page, access: &Access) -> Markup {
    let header = html! {
        nav aria-label="Pages" {
            @for (tab, name, path) in Tab::ALL.into_iter().filter(|(tab, ..)| tab.is_for(access)) {
                a href=(path) aria-current=[(tab == page.tab).then_some("page")] { (name) }
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
    (status, uncached(HTML), page.0.clone()).into_response()
}
