//! The active stops of an order, by its number.

use axum::extract::Request;
use axum::response::Response;

use super::fields::{BodyEncoding, KnownFields};
use super::{OmflowRequest, answer};
use crate::domain::access::{Access, Scope};
use crate::http::web::{HttpProblem, ProblemKind, auth};

const NO_NUMBER: &str = "must be the number from the response that opened the order";
const A_FILE: &str = "files come with action=create only";

impl OmflowRequest {
    /// The active stops of an order: none if it has ended, or if there is no such order.
    pub(super) async fn query(&mut self, request: Request) -> Result<Response, HttpProblem> {
        let (fields, access) = self.fields(request).await?;
        let access = auth::allow(access, Scope::Read)?;
        let number = fields.need("data_no")?.parse();
        let number = number.map_err(|_| HttpProblem::body_at("#/data_no", NO_NUMBER))?;
        // A replica may not have an order that was opened a moment ago.
        let store = self.api.primary();
        let stops = store
            .active_stops(&access.tenant, &self.flow, number)
            .await?;
        if stops.is_empty() {
            // For an unknown workflow the response must not look as if the order has ended.
            self.workflow(None).await?;
        }
        Ok(answer::stops(&stops))
    }

    /// The fields of a request without files.
    async fn fields(&mut self, request: Request) -> Result<(KnownFields, Access), HttpProblem> {
        let encoding = BodyEncoding::of(request.headers())?;
        if encoding != BodyEncoding::Multipart {
            return self.take(encoding, request).await;
        }
        let mut fields = KnownFields::default();
        let mut form = self.parts(request).await?;
        let access = self.admit_form(&mut form, &mut fields).await?;
        let (room, max) = (self.api.room(), self.api.limits.body_bytes);
        while let Some(part) = form.part().await? {
            if part.file_name().is_some() {
                return Err(HttpProblem::new(ProblemKind::InvalidBody, A_FILE));
            }
            fields.part(part, &room, max).await?;
        }
        Ok((fields, access))
    }
}
