//! `GET /monitor/workflows`: every applied workflow. Workflows are shared by all tenants.

use axum::response::Response;
use maud::{Markup, html};

use crate::http::ui::{Page, PageRequest, Tab, Viewer, format, paths};
use crate::http::web::HttpProblem;
use crate::store::admin::workflow::ListedWorkflow;

/// The list.
pub(in super::super) async fn get(mut request: PageRequest) -> Result<Response, HttpProblem> {
    request.parameters().finish(&[])?;
    request.show(page).await
}

async fn page(Viewer { api, .. }: Viewer) -> Result<Page, HttpProblem> {
    let workflows = api.store().list_workflows().await?;
    let main = html! {
        h1 { "Workflows" }
        @if workflows.is_empty() {
            p.empty { "None yet. " code { "waybill workflow apply FILE" } " adds one." }
        } @else {
            table {
                (format::heads(&["Workflow", "Newest version", "Applied", "Versions"]))
                tbody { @for workflow in &workflows { (row(workflow)) } }
            }
        }
    };
    Ok(Page::new(Tab::Workflows, "Workflows", main))
}

fn row(workflow: &ListedWorkflow) -> Markup {
    html! {
        tr {
            th scope="row" { a href=(paths::workflow(&workflow.name, None)) { bdi { (workflow.name) } } }
            td { (workflow.version) }
            td { (format::moment(workflow.created_at)) }
            td { (workflow.versions) }
        }
    }
}
