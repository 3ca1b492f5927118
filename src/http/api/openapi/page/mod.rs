//! The OpenAPI document as an HTML page: generated once from the same JSON, without scripts.

mod html;
mod operation;
mod schema;

use axum::http::{HeaderName, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

use self::html::Html;

const STYLE: &str = include_str!("style.css");
const TITLE: &str = "Waybill over HTTP";
const KEYS: &str = "In the examples `$URL` is the server of this page, and `$KEY` an API key: `waybill key create` creates one.";

/// The page.
pub(in super::super) struct DocumentationPage {
    pub(in super::super) html: String,
}

/// The document as a page.
pub(in super::super) fn page(document: &Value) -> DocumentationPage {
    let empty = Map::new();
    let paths = document.get("paths").and_then(Value::as_object);
    let operations = paths.unwrap_or(&empty).iter().flat_map(operation::all);
    let mut operations: Vec<_> = operations.collect();
    let tags = document.get("tags").and_then(Value::as_array);
    let tags = tags.map_or(&[][..], Vec::as_slice);
    operations.sort_by_key(|operation| tags.iter().position(|tag| operation.is_of(tag)));
    let schemas = schema::all(document).unwrap_or(&empty);
    let version = document.pointer("/info/version").and_then(Value::as_str);
    let documents = ["/openapi.json", "/asyncapi.json"].map(|path| {
        let link = Html::link(path, &Html::text(path));
        Html::from_iter([Html::text(" "), link])
    });
    let head = [
        Html::element("h1", &Html::text(TITLE)),
        Html::element(
            "small",
            &Html::text(&format!("version {}", version.unwrap_or_default())),
        ),
        documents.into_iter().collect(),
        schema::description(document.get("info").unwrap_or(&Value::Null)),
        Html::element("p", &Html::prose(KEYS)),
    ];
    let entries = |tag: &Value| {
        let name = tag.get("name").and_then(Value::as_str);
        let of_tag = operations.iter().filter(|operation| operation.is_of(tag));
        let parts = [
            Html::element("h2", &Html::text(name.unwrap_or_default())),
            schema::description(tag),
            of_tag.map(operation::entry).collect(),
        ];
        parts.into_iter().collect::<Html>()
    };
    let main = [
        operations.iter().map(operation::section).collect(),
        Html::element("h2", &Html::text("Schemas")),
        schemas.iter().map(schema::definition).collect::<Html>(),
    ];
    let parts = [
        Html::element("header", &head.into_iter().collect()),
        Html::element("nav", &tags.iter().map(entries).collect()),
        Html::element("main", &main.into_iter().collect()),
    ];
    let body: Html = parts.into_iter().collect();
    DocumentationPage {
        html: body.page(TITLE, STYLE),
    }
}

impl DocumentationPage {
    /// Security headers: the browser may load the page's own style and nothing else.
    pub(in super::super) fn guards(&self) -> [(HeaderName, String); 3] {
        let hash = BASE64_STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        [
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
            (header::REFERRER_POLICY, "no-referrer".to_owned()),
        ]
    }
}
