//! Style, script and icon of the pages, served from the program itself.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header;
use axum::response::IntoResponse;

use crate::http::web::{HttpProblem, ProblemKind};

/// Name, media type and content of each asset.
const ASSETS: [(&str, &str, &str); 3] = [
    (
        "monitor.css",
        "text/css; charset=utf-8",
        include_str!("assets/monitor.css"),
    ),
    (
        "monitor.js",
        "text/javascript; charset=utf-8",
        include_str!("assets/monitor.js"),
    ),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];
const UNKNOWN: &str = "there is no such asset: there are monitor.css, monitor.js and icon.svg";

/// Serves one asset. Browsers cache it only briefly, since a newer program may have another one.
pub(super) async fn get(
    name: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, HttpProblem> {
    let found = name.ok().and_then(|Path(name)| {
        let mut assets = ASSETS.into_iter();
        assets.find(|(known, _, _)| *known == name)
    });
    let (_, media_type, text) =
        found.ok_or_else(|| HttpProblem::new(ProblemKind::NotFound, UNKNOWN))?;
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "max-age=60"),
    ];
    Ok((headers, text))
}
