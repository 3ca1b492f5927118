//! Authentication by the beginning of a body: the security code is one of its fields. Most clients
//! send it before the long ones; what comes before it uses the memory of the client's address.

use std::fmt;

use axum::extract::{FromRequest, Request};
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::OmflowRequest;
use super::fields::{BodyEncoding, KnownFields};
use crate::domain::access::Access;
use crate::http::submit::MultipartParts;
use crate::http::submit::upload::BROKEN;
use crate::http::web::connection_limits::network;
use crate::http::web::memory_budget::{BegunBody, MemoryBudget};
use crate::http::web::{HttpProblem, ProblemKind};

const SECURITY: &str = "security";

impl KnownFields {
    /// The security code, if it is there.
    fn code(&self) -> Option<String> {
        self.get(SECURITY).map(str::to_owned)
    }
}

impl BodyEncoding {
    /// The security code, if it is in this beginning of a body.
    pub(super) fn code(self, begin: &[u8], has_ended: bool) -> Option<String> {
        let code = match self {
            Self::Json => {
                let mut code = None;
                let mut json = serde_json::Deserializer::from_slice(begin);
                // What comes after the code, or is cut off, is an error here.
                let _ = json.deserialize_map(Code(&mut code));
                code
            }
            Self::Form | Self::Multipart => {
                // The last field may be cut off.
                let whole = match has_ended {
                    true => begin,
                    false => begin
                        .iter()
                        .rposition(|byte| *byte == b'&')
                        .map_or(&[][..], |end| begin.get(..end).unwrap_or_default()),
                };
                let mut fields = form_urlencoded::parse(whole);
                let code = fields.find(|(name, _)| name == SECURITY);
                code.map(|(_, code)| code.into_owned())
            }
        };
        let code = code.map(|code| code.trim().to_owned());
        code.filter(|code| !code.is_empty())
    }
}

impl OmflowRequest {
    /// Reads the fields of a body that is not multipart.
    pub(super) async fn take(
        &mut self,
        encoding: BodyEncoding,
        request: Request,
    ) -> Result<(KnownFields, Access), HttpProblem> {
        let begun = BegunBody::of(request.into_body()).await?;
        let code = encoding.code(begun.bytes(), begun.has_ended());
        let (has_code, admitted) = (code.is_some(), self.admit(code).await);
        let room = match &admitted {
            Ok(_) => self.api.room(),
            Err(problem) if has_code => return Err(problem.clone()),
            Err(_) => self.early_room(),
        };
        let body = room.finish(begun, self.api.limits.body_bytes).await?;
        let fields = match encoding {
            BodyEncoding::Json => KnownFields::json(body),
            BodyEncoding::Form | BodyEncoding::Multipart => KnownFields::form(body),
        }?;
        let access = match admitted {
            Ok(access) => access,
            Err(_) => self.admit(fields.code()).await?,
        };
        Ok((fields, access))
    }

    /// A multipart form.
    pub(super) async fn parts(&self, request: Request) -> Result<MultipartParts, HttpProblem> {
        let form = MultipartParts::from_request(request, &self.api).await;
        form.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, BROKEN))
    }

    fn early_room(&self) -> MemoryBudget {
        self.early.of(&network(self.peer.0).to_string())
    }

    /// Reads the fields of a form up to the security code, and authenticates the client.
    pub(super) async fn admit_form(
        &mut self,
        form: &mut MultipartParts,
        fields: &mut KnownFields,
    ) -> Result<Access, HttpProblem> {
        // It may need no code.
        if let Ok(access) = self.admit(None).await {
            return Ok(access);
        }
        let (room, max) = (self.early_room(), self.api.limits.body_bytes);
        while fields.code().is_none()
            && let Some(part) = form.part().await?
            && part.file_name().is_none_or(str::is_empty)
        {
            fields.part(part, &room, max).await?;
        }
        self.admit(fields.code()).await
    }
}

/// Finds the code among the members of an object.
struct Code<'a>(&'a mut Option<String>);

impl<'de> Visitor<'de> for Code<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<(), M::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == SECURITY {
                *self.0 = Some(members.next_value()?);
                break;
            }
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_in_the_beginning_of_a_body() {
        for (encoding, begin, code) in [
            (BodyEncoding::Form, "security=a-1&formdata=%5B", Some("a-1")),
            (
                BodyEncoding::Form,
                "action=create&security=%20a-1&form",
                Some("a-1"),
            ),
            (BodyEncoding::Form, "action=create&security=a-", None),
            (
                BodyEncoding::Json,
                r#"{"security": "a-1", "formdata": [{"i"#,
                Some("a-1"),
            ),
            (
                BodyEncoding::Json,
                r#"{"data_no": 1, "f": [[]], "security":"a-1"}"#,
                Some("a-1"),
            ),
            (BodyEncoding::Json, r#"{"formdata": [{"i"#, None),
            (BodyEncoding::Json, r#"{"security": "a-"#, None),
            (BodyEncoding::Json, r#"{"security": 1}"#, None),
            (BodyEncoding::Json, "[]", None),
        ] {
            assert_eq!(
                encoding.code(begin.as_bytes(), false).as_deref(),
                code,
                "{begin}"
            );
        }
    }
}
