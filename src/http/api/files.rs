//! `GET /v1/processes/{token}/files/{id}`: the contents of a file, or a range of them.

use std::ops::Range;

use axum::body::Body;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use http_range_header::parse_range_header;
use uuid::Uuid;

use super::openapi::{parameters, responses};
use crate::domain::ProcessKey;
use crate::files::{FilePath, FilesError, StoredFile};
use crate::http::state::Api;
use crate::http::web::{Caller, HttpProblem, Parameters, ProblemKind, links};
use crate::store::write::file::File;
use crate::telemetry::Telemetry;

const UNKNOWN: &str = "no file of this process has this id: check both, and the tenant of the key";
const AWAY: &str = "the file can't be read right now; try again in a moment";

/// Streams a file; browsers download it and never show it as part of this site.
#[utoipa::path(
    get,
    path = "/v1/processes/{token}/files/{id}",
    operation_id = "getFile",
    tag = "processes",
    summary = "The contents of a file",
    description = "With its detected media type, as a whole or a range. The whole file is compared with its SHA-256 while it is sent: if its contents have changed in the file store, the connection is closed before the last part. A range is not compared.",
    params(parameters::Token, parameters::FileId, parameters::RangeHeaders),
    responses(
        (status = 200, description = "The whole file", content_type = "*/*", headers(("ETag", description = "The version of the file"))),
        (status = 206, description = "The range", content_type = "*/*", headers(("Content-Range", description = "The range and the size"))),
        responses::FileProblems,
    ),
)]
pub(in crate::http) async fn get(
    api: Api,
    Caller(access): Caller,
    path: Result<Path<(String, Uuid)>, PathRejection>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    parameters.finish(&[])?;
    let unknown = || HttpProblem::new(ProblemKind::NotFound, UNKNOWN);
    let Path((token, id)) = path.map_err(|_| unknown())?;
    let process = ProcessKey::of(&access.tenant, &token);
    let file = api.primary().file(process, id).await?.ok_or_else(unknown)?;
    let about = about(&file);
    let requested = headers.get(header::RANGE);
    let requested = requested.filter(|_| matches_if_range(&headers, &file));
    let requested = requested.and_then(|value| value.to_str().ok());
    let (status, range) = match range(requested, file.size) {
        RangeRequest::Whole => (StatusCode::OK, 0..file.size),
        RangeRequest::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        RangeRequest::Beyond => {
            let content_range = [(header::CONTENT_RANGE, format!("bytes */{}", file.size))];
            let problem = HttpProblem::new(
                ProblemKind::RangeNotSatisfiable,
                "the range is beyond the file's end",
            );
            return Ok((content_range, problem).into_response());
        }
    };
    let path = FilePath {
        process: process.0,
        object: file.object,
    };
    let contents = match status == StatusCode::OK {
        true => api.files.read(path, stored(&file)).await,
        // Comparing a part would take reading the whole.
        false => api.files.read_part(path, range.clone()).await,
    };
    let telemetry = api.telemetry.clone();
    let contents = contents.map_err(unreadable)?;
    let contents = contents.inspect_err(move |error| broken(error, &telemetry));
    let length = [(
        header::CONTENT_LENGTH,
        (range.end - range.start).to_string(),
    )];
    let mut response = (status, about, length, Body::from_stream(contents)).into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        let last = range.end.saturating_sub(1);
        let content_range = format!("bytes {}-{last}/{}", range.start, file.size);
        if let Ok(value) = content_range.parse() {
            response.headers_mut().insert(header::CONTENT_RANGE, value);
        }
    }
    Ok(response)
}

/// The log has the error of the file store; the client does not get it.
fn unreadable(error: FilesError) -> HttpProblem {
    tracing::warn!(%error, "a file could not be read");
    match error {
        FilesError::Missing => HttpProblem::new(ProblemKind::NotFound, UNKNOWN),
        FilesError::Settings(_)
        | FilesError::Write(_)
        | FilesError::Store(_)
        | FilesError::Changed(_) => HttpProblem::new(ProblemKind::Unavailable, AWAY),
    }
}

/// The client notices that its connection is closed before the end.
fn broken(error: &FilesError, telemetry: &Telemetry) {
    match error {
        FilesError::Changed(path) => telemetry.file_changed(path),
        FilesError::Settings(_)
        | FilesError::Missing
        | FilesError::Write(_)
        | FilesError::Store(_) => tracing::warn!(%error, "a file could not be read to its end"),
    }
}

fn stored(file: &File) -> StoredFile {
    StoredFile {
        size: file.size,
        sha256: file.sha256.clone(),
    }
}

/// The part of a file that a request selects.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RangeRequest {
    Whole,
    Part(Range<u64>),
    Beyond,
}

/// Several ranges, and unreadable ones, get the whole file (RFC 9110).
fn range(requested: Option<&str>, size: u64) -> RangeRequest {
    let Some(Ok(parsed)) = requested.map(parse_range_header) else {
        return RangeRequest::Whole;
    };
    match parsed.validate(size).as_deref() {
        Ok([one]) => RangeRequest::Part(*one.start()..one.end() + 1),
        Ok(_) => RangeRequest::Whole,
        Err(_) => RangeRequest::Beyond,
    }
}

/// Whether the client's `If-Range` allows a partial response.
fn matches_if_range(headers: &HeaderMap, file: &File) -> bool {
    let condition = headers.get(header::IF_RANGE);
    condition.is_none_or(|tag| tag.as_bytes() == etag(file).as_bytes())
}

fn etag(file: &File) -> String {
    format!("\"{}\"", file.sha256)
}

fn about(file: &File) -> [(header::HeaderName, String); 6] {
    [
        (header::CONTENT_TYPE, file.media_type.clone()),
        (header::CONTENT_DISPOSITION, links::disposition(&file.name)),
        (header::ETAG, etag(file)),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_partial_and_an_unreadable_one_is_the_whole_file() {
        for (requested, expected) in [
            (None, RangeRequest::Whole),
            (Some("bytes=0-0"), RangeRequest::Part(0..1)),
            (Some("bytes=2-"), RangeRequest::Part(2..10)),
            (Some("bytes=-3"), RangeRequest::Part(7..10)),
            (Some("bytes=8-99"), RangeRequest::Part(8..10)),
            (Some("bytes=10-"), RangeRequest::Beyond),
            (Some("bytes=0-1,4-5"), RangeRequest::Whole),
            (Some("lines=1-2"), RangeRequest::Whole),
            (Some("bytes=b-a"), RangeRequest::Whole),
        ] {
            assert_eq!(range(requested, 10), expected, "{requested:?}");
        }
    }
}
