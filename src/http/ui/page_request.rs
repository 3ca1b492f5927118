//! The request for a page: as one response, or as a stream of its changes.

use std::future::Future;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::page::{self, Page};
use super::sse::{self, Streams};
use super::viewer::Viewer;
use crate::http::state::Api;
use crate::http::web::{Caller, HttpProblem, Pass};

/// A request for a page.
pub(super) struct PageRequest {
    viewer: Viewer,
    pass: Pass,
    /// The budget of streams, if a stream was requested.
    streams: Option<Streams>,
}

impl PageRequest {
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
        let text = page::framed(&page, &self.viewer.access).into_string();
        let body = self.viewer.api.room.answer(text.into_bytes())?;
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::VARY, "accept"),
        ];
        Ok((headers, body).into_response())
    }
}

impl FromRequestParts<Api> for PageRequest {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, HttpProblem> {
        let Caller(access) = Caller::from_request_parts(parts, api).await?;
        let pass = Pass::from_request_parts(parts, api).await?;
        let streams = parts.extensions.get::<Streams>().cloned();
        let viewer = Viewer {
            api: api.clone(),
            access,
        };
        Ok(Self {
            viewer,
            pass,
            streams: streams.filter(|_| sse::is_requested(&parts.headers)),
        })
    }
}
