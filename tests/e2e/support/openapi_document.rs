//! The OpenAPI document as a client's program reads it: the operations, and whether an answer
//! conforms.

use serde_json::{Value, json};

use super::client::{Client, Reply};

/// The document that the server returns.
pub(crate) struct Described(pub(crate) Value);

/// A method of a path.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Its name in the document.
    pub(crate) id: String,
    /// The scope that its API key needs, if it needs a key.
    pub(crate) scope: Option<String>,
    responses: Value,
}

impl Described {
    pub(crate) async fn by(client: &Client) -> Self {
        Self(client.get("/openapi.json").await.record())
    }

    pub(crate) fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for (path, item) in self.0["paths"].as_object().expect("paths") {
            for (method, described) in item.as_object().expect("methods") {
                let text = |key: &str| described[key].as_str().map(str::to_owned);
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    id: text("operationId").expect("a name"),
                    scope: text("x-waybill-scope"),
                    responses: described["responses"].clone(),
                });
            }
        }
        operations
    }

    /// The operations as a page of the documentation, below the part written by hand.
    pub(crate) fn reference(&self, page: &str) -> String {
        const MADE: &str = "<!-- made from the code from here on: UPDATE_EXPECT=1 cargo test --test e2e openapi -->\n";
        let (written, _) = page.split_once(MADE).unwrap_or((page, ""));
        let mut text = format!("{written}{MADE}");
        for operation in self.operations() {
            let Operation { method, path, .. } = &operation;
            let described = &self.0["paths"][path][method.to_lowercase()];
            let scope = operation.scope.as_deref().map_or_else(
                || "No API key is needed.".to_owned(),
                |scope| format!("Needs an API key with the scope `{scope}`."),
            );
            let about = [&described["summary"], &described["description"]].map(|it| it.as_str());
            let about: Vec<_> = about.into_iter().flatten().collect();
            let about = about.join(". ");
            let about = about.trim_end_matches('.');
            text += &format!("\n## `{method} {path}`\n\n{about}. {scope}\n");
            for (title, rows) in [
                ("parameter", rows(described)),
                ("status", answers(described)),
            ] {
                if !rows.is_empty() {
                    text += &format!("\n| {title} | meaning |\n| --- | --- |\n{rows}");
                }
            }
        }
        text
    }

    /// Checks that an answer has a status, a media type and a body that the document describes.
    pub(crate) fn holds(&self, operation: &Operation, reply: &Reply) {
        let at = format!("{} {}: {}", operation.method, operation.path, reply.status);
        let response = &operation.responses[reply.status.to_string()];
        assert!(response.is_object(), "{at} is not in the document");
        for (name, _) in response["headers"].as_object().into_iter().flatten() {
            // The last page has no link, and only an answer about one process has a location.
            let is_optional = ["Link", "Location"].contains(&name.as_str());
            assert!(
                is_optional || reply.header(name).is_some(),
                "{at} has no {name}"
            );
        }
        let Some(stated) = reply.header("content-type") else {
            assert!(
                response["content"].is_null() && reply.body().is_empty(),
                "{at} has no type"
            );
            return;
        };
        let media_type = stated.split(';').next().expect("a media type");
        let content = match &response["content"] {
            content if content["*/*"].is_object() => &content["*/*"],
            content => &content[media_type],
        };
        assert!(
            content.is_object(),
            "{at}: {media_type} is not in the document"
        );
        if media_type.ends_with("json") && content["schema"].is_object() {
            let body: Value = serde_json::from_str(reply.body()).expect("JSON");
            let fault = self.fault(&content["schema"], &body);
            assert_eq!(fault, None, "{at}: {body}");
        }
    }

    /// What is wrong with a value of this schema, if anything is.
    fn fault(&self, schema: &Value, value: &Value) -> Option<String> {
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": self.0["components"],
            "allOf": [schema],
        });
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(&whole).expect("a schema");
        let error = validator.iter_errors(value).next()?;
        Some(format!("{error} at {}", error.instance_path()))
    }
}

#[test]
fn a_body_that_violates_its_schema_is_a_fault() {
    let described = Described(json!({ "components": { "schemas": {
        "Thing": { "type": "object", "required": ["at"], "properties": {
            "at": { "type": "string", "format": "date-time" }
        }}
    }}}));
    let thing = json!({ "$ref": "#/components/schemas/Thing" });
    assert_eq!(
        described.fault(&thing, &json!({ "at": "2026-11-22T07:00:00Z" })),
        None
    );
    for wrong in [json!({}), json!({ "at": 7 }), json!({ "at": "soon" })] {
        assert!(described.fault(&thing, &wrong).is_some(), "{wrong}");
    }
}

fn rows(operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().replace('|', "\\|");
    let row = |it: &Value| {
        format!(
            "| `{}` ({}) | {} |\n",
            text(&it["name"]),
            text(&it["in"]),
            text(&it["description"])
        )
    };
    parameters.map(row).collect()
}

fn answers(operation: &Value) -> String {
    let answers = operation["responses"].as_object().into_iter().flatten();
    let row = |(status, it): (&String, &Value)| {
        format!(
            "| {status} | {} |\n",
            it["description"].as_str().unwrap_or_default()
        )
    };
    answers.map(row).collect()
}
