//! `GET /monitor/process?token=…`: one process with all its parts, live.

use axum::response::Response;
use maud::{Markup, html};

use super::request::{self, ProcessRequest};
use super::{about, delivery, history, items, pending, resend, stages};
use crate::clock;
use crate::domain::ProcessKey;
use crate::http::ui::{Page, PageRequest, Tab, Viewer, format};
use crate::http::web::HttpProblem;
use crate::view::parts::{Part, Parts};
use crate::view::record::{FoundProcess, View};

/// What the page shows beside the record.
const PARTS: [Part; 5] = [
    Part::Steps,
    Part::Items,
    Part::Late,
    Part::Stages,
    Part::Counts,
];

/// The page.
pub(in super::super) async fn get(mut request: PageRequest) -> Result<Response, HttpProblem> {
    let query = ProcessRequest::read(request.parameters())?;
    request
        .show(move |viewer| page(viewer, query.clone()))
        .await
}

async fn page(Viewer { api, access }: Viewer, query: ProcessRequest) -> Result<Page, HttpProblem> {
    let parts = Parts::of(&PARTS);
    let key = ProcessKey::of(&access.tenant, &query.token);
    let found = request::found(&api, key, &parts).await?;
    let waiting = api.store().pending(key, pending::LISTED_MAX).await?;
    let waits = pending::has_completion(&waiting);
    let view = found.view(&parts);
    let name = name(&view).to_owned();
    let main = html! {
        h1 { bdi { (name) } }
        (head(&found, &view))
        section { h2 { "About" } (about::list(&view, clock::now())) }
        section {
            h2 { "Completion" }
            (delivery::words(&view, waits))
            (resend::form(&view, waits, &access))
            (pending::table(&waiting))
        }
        (stages::section(&found))
        (history::timeline(&found, &view))
        (items::section(&view, &query))
        (history::late(&view))
    };
    Ok(Page::new(Tab::Processes, name, main))
}

/// Its file name, or else its token.
fn name<'a>(view: &'a View<'_>) -> &'a str {
    let opening = view.opening.as_ref();
    let filename = opening.and_then(|opening| opening.filename.as_deref());
    filename.unwrap_or(&view.token)
}

fn head(found: &FoundProcess, view: &View<'_>) -> Markup {
    let progress = &view.progress;
    html! {
        p.state {
            (format::status(found.record.process.status()))
            @if view.summary != view.status { " " bdi { (view.summary) } }
        }
        p { (format::progress(progress.done, progress.total, progress.failed)) }
    }
}
