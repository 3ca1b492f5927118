//! `GET /monitor/charts`: what is so now, and what the last hour was like.

use axum::Extension;
use axum::response::Response;
use maud::html;

use super::{Latest, figures};
use crate::http::ui::page::{Page, Tab};
use crate::http::ui::page_request::PageRequest;
use crate::http::ui::viewer::Viewer;
use crate::http::web::auth::Caller;
use crate::http::web::problem::{HttpProblem, ProblemKind};

const OF_ALL: &str = "the charts show all tenants together: they need a key with the scope admin, or of the tenant default";

/// The page, for those who may see what all tenants do.
pub(in super::super) async fn get(
    Extension(latest): Extension<Latest>,
    Caller(access): Caller,
    ask: PageRequest,
) -> Result<Response, HttpProblem> {
    if !access.oversees() {
        return Err(HttpProblem::new(ProblemKind::Forbidden, OF_ALL));
    }
    ask.show(move |viewer| page(viewer, latest.clone())).await
}

async fn page(Viewer { api, .. }: Viewer, latest: Latest) -> Result<Page, HttpProblem> {
    let look = latest.look(&api.store).await?;
    let main = html! {
        h1 { "The last hour" }
        p.hint {
            "All tenants and all running instances together, by their own samples. Times are UTC; the numbers beside "
            "names are those of the last whole minute."
        }
        (figures::figures(&look))
        @if look.hour.is_empty() {
            p.empty {
                "No samples yet of any whole minute in the last hour. Every running Waybill writes one each ten "
                "seconds; if none comes, " code { "waybill doctor" } " says whether it may write to the database."
            }
        } @else {
            div.charts {
                @for chart in look.hour.charts() { (chart.draw()) }
            }
        }
    };
    Ok(Page {
        tab: Tab::Charts,
        title: "Charts".to_owned(),
        main,
    })
}
