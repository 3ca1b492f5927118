//! `GET /monitor/charts`: the current state, and the last hour.

use axum::Extension;
use axum::response::Response;
use maud::html;

use super::{ChartPolls, figures};
use crate::http::ui::{Page, PageRequest, Tab, Viewer};
use crate::http::web::{Caller, HttpProblem, ProblemKind};

const OF_ALL: &str = "the charts show all tenants together: they require a key with the scope admin, or of the tenant default";

/// The page, for keys that may see all tenants.
pub(in super::super) async fn get(
    Extension(latest): Extension<ChartPolls>,
    Caller(access): Caller,
    request: PageRequest,
) -> Result<Response, HttpProblem> {
    if !access.oversees() {
        return Err(HttpProblem::new(ProblemKind::Forbidden, OF_ALL));
    }
    request
        .show(move |viewer| page(viewer, latest.clone()))
        .await
}

async fn page(Viewer { api, .. }: Viewer, latest: ChartPolls) -> Result<Page, HttpProblem> {
    let latest = latest.poll(&api.store()).await?;
    let main = html! {
        h1 { "The last hour" }
        p.hint {
            "All tenants and all running instances together, from their samples. Times are UTC; the numbers beside "
            "names are those of the last whole minute."
        }
        (figures::figures(&latest))
        @if latest.hour.is_empty() {
            p.empty {
                "No samples yet of any whole minute in the last hour. Every running instance writes one every ten "
                "seconds; if there are none, " code { "waybill doctor" } " checks whether it may write to the database."
            }
        } @else {
            div.charts {
                @for chart in latest.hour.charts() { (chart.draw()) }
            }
        }
    };
    Ok(Page::new(Tab::Charts, "Charts", main))
}
