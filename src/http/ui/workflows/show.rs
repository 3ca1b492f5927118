//! `GET /monitor/workflow?name=…`: one version of a workflow, as a picture and as a table.

use axum::response::Response;
use maud::{Markup, html};

use super::picture::{self, Notes};
use super::stages;
use super::stages::duration;
use crate::domain::workflow::Workflow;
use crate::http::ui::{Page, PageRequest, Tab, Viewer, format, paths};
use crate::http::web::{HttpProblem, ProblemKind, list_query};
use crate::store::admin::workflow::StoredWorkflow;
use crate::wire::workflow_file;

const NAME: &str = "name";
const VERSION: &str = "version";
/// The maximum number of linked versions.
const VERSIONS_MAX: i32 = 50;
const NO_NAME: &str = "name must be given; the list of workflows links here with it";
const UNKNOWN: &str = "no workflow has this name, or it has no such version";
const UNREADABLE: &str = "This version was applied by another version of the program, and this one \
                          finds errors in it.";

/// The page.
pub(in super::super) async fn get(mut request: PageRequest) -> Result<Response, HttpProblem> {
    let mut parameters = request.parameters();
    let name = parameters.take(NAME, list_query::name);
    let version = parameters.take(VERSION, |text| {
        let version = text.parse().ok().filter(|version| *version > 0);
        version.ok_or_else(|| "must be a whole number from 1".to_owned())
    });
    parameters.finish(&[NAME, VERSION])?;
    let name = name.ok_or_else(|| HttpProblem::parameters(vec![NO_NAME.to_owned()]))?;
    request
        .show(move |viewer| page(viewer, name.clone(), version))
        .await
}

async fn page(
    Viewer { api, .. }: Viewer,
    name: String,
    version: Option<i32>,
) -> Result<Page, HttpProblem> {
    let unknown = || HttpProblem::new(ProblemKind::NotFound, UNKNOWN);
    let newest = api.store().load_workflow(&name, None).await?;
    let newest = newest.ok_or_else(unknown)?;
    let last = newest.version;
    let stored = match version {
        Some(version) if version != last => {
            let stored = api.store().load_workflow(&name, Some(version)).await?;
            stored.ok_or_else(unknown)?
        }
        _ => newest,
    };
    let main = html! {
        h1 { "Workflow " bdi { (stored.name) } }
        p {
            "Version " (stored.version) " of " (last) ", applied " (format::moment(stored.created_at)) ". "
            "An order keeps the version that it was opened with."
        }
        (versions(&stored, last))
        @match workflow_file::read(stored.source.as_bytes()) {
            Ok(workflow) => (drawn(&workflow)),
            Err(_) => { p.fault { (UNREADABLE) } pre { code { bdi { (stored.source) } } } }
        }
    };
    Ok(Page::new(Tab::Workflows, format!("Workflow {name}"), main))
}

/// Links to all versions, the newest first.
fn versions(stored: &StoredWorkflow, last: i32) -> Markup {
    let shown = (1..=last)
        .rev()
        .take(usize::try_from(VERSIONS_MAX).unwrap_or(0));
    html! {
        @if last > 1 {
            nav.versions aria-label="Versions" {
                "Versions: "
                @for version in shown {
                    a href=(paths::workflow(&stored.name, Some(version))) aria-current=[(version == stored.version).then_some("page")] { (version) }
                    " "
                }
                @if last > VERSIONS_MAX { span.hint { "and older ones" } }
            }
        }
    }
}

fn drawn(workflow: &Workflow) -> Markup {
    let times = [
        ("Deadline", workflow.deadline, "none"),
        ("Settle time", workflow.settle, "as the settings say"),
        ("Retention", workflow.retention, "as the settings say"),
    ];
    html! {
        section {
            h2 { "Stages" }
            (picture::svg(workflow, &Notes::new(), "The table below lists where each stage leads."))
            (stages::table(workflow))
        }
        section {
            h2 { "Orders on it" }
            dl.about {
                @for (name, value, otherwise) in times {
                    div { dt { (name) } dd { @match value { Some(value) => (duration(value)), None => span.hint { (otherwise) } } } }
                }
            }
        }
        section {
            h2 { "Form of the opening" }
            @if workflow.form.is_empty() { p.empty { "No fields." } }
            @else { (stages::form(&workflow.form)) }
        }
    }
}
