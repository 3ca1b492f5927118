//! The OpenAPI document as an HTML page: generated once from the same JSON, without scripts.

mod operation;
mod schema;

use axum::http::{HeaderName, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

const STYLE: &str = include_str!("style.css");
const TITLE: &str = "Waybill over HTTP";
const KEYS: &str = "In the examples `$URL` is the server of this page, and `$KEY` an API key: `waybill key create` creates one.";

/// The document as a page.
pub(in super::super) fn page(document: &Value) -> String {
    let empty = Map::new();
    let paths = document.get("paths").and_then(Value::as_object);
    let operations = paths.unwrap_or(&empty).iter().flat_map(operation::all);
    let mut operations: Vec<_> = operations.collect();
    let tags = schema::list(document, "tags");
    operations.sort_by_key(|operation| tags.iter().position(|tag| operation.is_of(tag)));
    let version = document.pointer("/info/version").and_then(Value::as_str);
    let page = html! {
        (DOCTYPE) "\n"
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (TITLE) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (TITLE) }
                    small { "version " (version.unwrap_or_default()) }
                    @for path in ["/openapi.json", "/asyncapi.json"] { " " a href=(path) { (path) } }
                    (schema::description(document.get("info").unwrap_or(&Value::Null)))
                    p { (prose(KEYS)) }
                }
                nav {
                    @for tag in tags {
                        h2 { (text(tag, "name")) }
                        (schema::description(tag))
                        @for operation in operations.iter().filter(|operation| operation.is_of(tag)) { (operation.entry()) }
                    }
                }
                main {
                    @for operation in &operations { (operation.section()) }
                    h2 { "Schemas" }
                    @for (name, schema) in schema::all(document).unwrap_or(&empty) { (schema::definition(name, schema)) }
                }
            }
        }
        "\n"
    };
    page.into_string()
}

/// A text in which `code` is in backticks.
fn prose(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 0 { (part) } @else { code { (part) } }
        }
    }
}

/// A table; empty if it has no rows.
fn table<const N: usize>(heads: [&str; N], rows: &[[Markup; N]]) -> Markup {
    html! {
        @if !rows.is_empty() {
            div.table {
                table {
                    tr { @for head in heads { th { (head) } } }
                    @for row in rows { tr { @for cell in row { td { (cell) } } } }
                }
            }
        }
    }
}

/// The text of a field, or an empty one.
fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Security headers: the browser may load the page's own style and nothing else.
pub(in super::super) fn guards() -> [(HeaderName, String); 3] {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_escaped() {
        let evil = "<script>&\"'";
        let operation =
            json!({"operationId": evil, "summary": evil, "tags": [evil], "responses": {}});
        let document = json!({
            "info": {"version": evil, "description": evil},
            "tags": [{"name": evil, "description": evil}],
            "paths": {evil: {evil: operation}},
            "components": {"schemas": {evil: {"description": evil, "enum": [evil]}}},
        });
        let page = page(&document);
        assert!(
            !page.contains("<script>") && !page.contains("&\""),
            "{page}"
        );
        assert!(
            page.contains("<section id=\"&lt;script&gt;&amp;&quot;'\">"),
            "{page}"
        );
        assert_eq!(prose("a `<b>`").into_string(), "a <code>&lt;b&gt;</code>");
    }
}
