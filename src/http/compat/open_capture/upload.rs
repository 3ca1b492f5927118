//! `POST verifier/upload`: files, each of which becomes an upload with a token.

use std::collections::BTreeMap;

use axum::extract::multipart::MultipartRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::http::compat::APPLIED_WITHIN;
use crate::http::state::Api;
use crate::http::submit::receipt::ReceiptState as Applied;
use crate::http::submit::upload_form::{AllowedFields, UploadForm};
use crate::http::submit::{MultipartParts, Receipt};
use crate::http::web::{Caller, HttpProblem, ProblemKind};
const WORKFLOW: &str = "workflowId";
/// AllowedFields about the supplier; they become attributes of the upload.
const SUPPLIER: [&str; 3] = ["siret", "siren", "vat_number"];
const FIELDS: AllowedFields = AllowedFields {
    texts: &[WORKFLOW, "siret", "siren", "vat_number"],
    json: &[],
    ignores_unknown: true,
};
/// Open-Capture's name of the module for these files.
const MODULE: &str = "verifier";

const NO_WORKFLOW: &str = "`workflowId` is missing: send it as a field of the form";

/// Stores files and opens an upload for each.
pub(super) async fn post(
    api: Api,
    Caller(access): Caller,
    headers: HeaderMap,
    form: Result<MultipartParts, MultipartRejection>,
) -> Result<Response, HttpProblem> {
    let mut form = api.receive_form(&access, &headers, form, FIELDS).await?;
    form.fields = match fields(std::mem::take(&mut form.fields), api.limits.name_bytes) {
        Ok(fields) => fields,
        Err(problem) => return Err(api.refuse_form(&form, problem).await),
    };
    let receipts = api.open_uploads(&access, &form, Some(APPLIED_WITHIN));
    let receipts = receipts.await?;
    let is_open = receipts.iter().all(|r| r.state == Applied::Applied);
    if let Some(problem) = receipts.iter().find_map(|r| r.problem.clone()) {
        return Err(HttpProblem::refused(problem));
    }
    let mut answer = api.room().json(&tokens(&receipts, &form))?;
    if !is_open {
        // The broker has confirmed the events; the workers have not applied them yet.
        *answer.status_mut() = StatusCode::ACCEPTED;
    }
    Ok(answer)
}

/// Converts the fields of the form to those of the event.
pub(super) fn fields(
    mut given: BTreeMap<String, Value>,
    name_bytes: usize,
) -> Result<BTreeMap<String, Value>, HttpProblem> {
    let workflow = given.remove(WORKFLOW);
    let workflow = workflow.filter(|workflow| workflow.as_str() != Some(""));
    let missing = || HttpProblem::new(ProblemKind::InvalidBody, NO_WORKFLOW);
    let workflow = workflow.ok_or_else(missing)?;
    if workflow
        .as_str()
        .is_some_and(|name| name.len() > name_bytes)
    {
        let detail = format!("`{WORKFLOW}` must be at most {name_bytes} bytes long");
        return Err(HttpProblem::new(ProblemKind::InvalidBody, &detail));
    }
    let mut fields = BTreeMap::from([
        ("workflow_id".to_owned(), workflow),
        ("module".to_owned(), MODULE.into()),
    ]);
    let supplier = given.into_iter();
    let supplier = supplier.filter(|(name, _)| SUPPLIER.contains(&name.as_str()));
    let supplier: Map<_, _> = supplier.collect();
    if !supplier.is_empty() {
        fields.insert("attributes".to_owned(), supplier.into());
    }
    Ok(fields)
}

/// The response body.
fn tokens(receipts: &[Receipt], form: &UploadForm) -> Value {
    let files = receipts.iter().zip(&form.files);
    let files = files
        .map(|(receipt, file)| json!({"filename": file.attachment.name, "token": receipt.token}));
    files.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_has_its_workflow_and_attributes_of_the_supplier() {
        let given = [("workflowId", "w"), ("siret", "493")];
        let given = given.map(|(name, value)| (name.to_owned(), json!(value)));
        let expected =
            json!({"workflow_id": "w", "module": "verifier", "attributes": {"siret": "493"}});
        assert_eq!(json!(fields(given.into(), 1).unwrap()), expected);
        let named = |name: &str| vec![("workflowId".to_owned(), json!(name))];
        for wrong in [Vec::new(), named(""), named("ww")] {
            let problem = fields(wrong.into_iter().collect(), 1).unwrap_err();
            assert!(problem.detail().contains("workflowId"));
        }
    }
}
