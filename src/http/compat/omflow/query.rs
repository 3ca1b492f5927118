//! Where an order stands, by its number.

use axum::extract::{FromRequest, Request};
use axum::response::Response;

use super::fields::{Encoding, Fields};
use super::{OmflowRequest, answer};
use crate::domain::access::Scope;
use crate::http::submit::multipart::Parts;
use crate::http::submit::upload::BROKEN;
use crate::http::web::problem::{HttpProblem, ProblemKind};

const NO_NUMBER: &str = "must be the number that opening the order gave";
const A_FILE: &str = "files come with an order that is opened, and with no other call";

impl OmflowRequest {
    /// The stops where an order stands: none where it has ended, or where there is none such.
    pub(super) async fn query(&self, request: Request) -> Result<Response, HttpProblem> {
        let fields = self.fields(request).await?;
        let access = self.admit(&fields, Scope::Read).await?;
        let number = fields.need("data_no")?.parse();
        let number = number.map_err(|_| HttpProblem::body_at("#/data_no", NO_NUMBER))?;
        // The primary knows of an order that was opened a moment ago, wherever that was.
        let store = &self.api.primary;
        let stops = store
            .active_stops(&access.tenant, &self.flow, number)
            .await?;
        if stops.is_empty() {
            // Whoever mistook the name of the workflow shall not think that the order has ended.
            self.workflow(None).await?;
        }
        Ok(answer::stands(&stops))
    }

    /// The fields of a request that brings nothing else.
    async fn fields(&self, request: Request) -> Result<Fields, HttpProblem> {
        let encoding = Encoding::of(request.headers())?;
        if encoding != Encoding::Multipart {
            return self.take(encoding, request).await;
        }
        let form = Parts::from_request(request, &self.api).await;
        let mut form = form.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, BROKEN))?;
        let mut fields = Fields::default();
        while let Some(part) = form.part().await? {
            if part.file_name().is_some() {
                return Err(HttpProblem::new(ProblemKind::InvalidBody, A_FILE));
            }
            let max = self.api.limits.body_bytes;
            fields.part(part, &self.desk.room, max).await?;
        }
        Ok(fields)
    }
}
