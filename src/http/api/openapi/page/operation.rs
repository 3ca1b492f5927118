//! One operation on the page: its parameters, its responses, and an example with curl.

use serde_json::Value;

use super::html::Html;
use super::schema;
use crate::http::api::openapi::SCOPE;

/// A method of a path.
pub(super) struct Operation<'a> {
    method: String,
    path: &'a str,
    spec: &'a Value,
}

/// The operations of a path.
pub(super) fn all<'a>((path, item): (&'a String, &'a Value)) -> Vec<Operation<'a>> {
    let methods = item.as_object().into_iter().flatten();
    let methods = methods.filter(|(_, spec)| spec.get("responses").is_some());
    let operation = |(method, spec): (&String, &'a Value)| Operation {
        method: method.to_uppercase(),
        path,
        spec,
    };
    methods.map(operation).collect()
}

/// Its line in the list of operations.
pub(super) fn entry(operation: &Operation<'_>) -> Html {
    let line = [
        operation.name(),
        Html::text(" "),
        Html::prose(operation.text("summary")),
    ];
    let link = Html::link(&format!("#{}", operation.id()), &line.into_iter().collect());
    Html::element("div", &link)
}

/// Its section.
pub(super) fn section(operation: &Operation<'_>) -> Html {
    let scope = match operation.spec.get(SCOPE).and_then(Value::as_str) {
        Some(scope) => format!("needs a key with the scope `{scope}`"),
        None => "needs no key".to_owned(),
    };
    let curl = Html::element("pre", &Html::text(&operation.curl()));
    let parts = [
        Html::element("h2", &operation.name()),
        Html::element(
            "p class=\"summary\"",
            &Html::prose(operation.text("summary")),
        ),
        schema::description(operation.spec),
        Html::element("p class=\"scope\"", &Html::prose(&scope)),
        curl,
        Html::table(
            ["parameter", "in", "type", "description"],
            &operation.inputs(),
        ),
        Html::table(["status", "when", "body"], &operation.answers()),
    ];
    Html::place("section", operation.id(), &parts.into_iter().collect())
}

impl Operation<'_> {
    /// Whether it has this tag.
    pub(super) fn is_of(&self, tag: &Value) -> bool {
        let tags = self.spec.get("tags").and_then(Value::as_array);
        tags.is_some_and(|tags| tags.iter().any(|name| Some(name) == tag.get("name")))
    }

    fn id(&self) -> &str {
        self.text("operationId")
    }

    fn text(&self, key: &str) -> &str {
        self.spec
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn name(&self) -> Html {
        let method = Html::element("b", &Html::text(&self.method));
        let path = Html::element("code", &Html::text(self.path));
        Html::from_iter([method, Html::text(" "), path])
    }

    fn parameters(&self) -> &[Value] {
        let parameters = self.spec.get("parameters").and_then(Value::as_array);
        parameters.map_or(&[], Vec::as_slice)
    }

    /// Parameters and bodies, one row each.
    fn inputs(&self) -> Vec<[Html; 4]> {
        let text = |of: &Value, key: &str| {
            let text = of.get(key).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let parameter = |parameter: &Value| {
            let type_ = parameter.get("schema").map(schema::short);
            [
                Html::element("code", &Html::text(&text(parameter, "name"))),
                Html::text(&text(parameter, "in")),
                type_.unwrap_or_default(),
                Html::prose(&text(parameter, "description")),
            ]
        };
        let body = self.spec.get("requestBody").unwrap_or(&Value::Null);
        let description = text(body, "description");
        let bodies = content(body).into_iter().map(|(media_type, type_)| {
            let name = Html::element("code", &Html::text(media_type));
            [name, Html::text("body"), type_, Html::prose(&description)]
        });
        let parameters = self.parameters().iter().map(parameter);
        parameters.chain(bodies).collect()
    }

    fn answers(&self) -> Vec<[Html; 3]> {
        let answers = self.spec.get("responses").and_then(Value::as_object);
        let answer = |(status, answer): (&String, &Value)| {
            let description = answer.get("description").and_then(Value::as_str);
            let bodies = content(answer).into_iter().map(|(media_type, type_)| {
                let media_type = Html::element("small", &Html::text(media_type));
                Html::element(
                    "div",
                    &Html::from_iter([type_, Html::text(" "), media_type]),
                )
            });
            [
                Html::element("code", &Html::text(status)),
                Html::prose(description.unwrap_or_default()),
                bodies.collect(),
            ]
        };
        answers.into_iter().flatten().map(answer).collect()
    }

    /// An example with curl.
    fn curl(&self) -> String {
        let mut line = "curl".to_owned();
        if self.spec.get(SCOPE).is_some() {
            line.push_str(" -H \"Authorization: Bearer $KEY\"");
        }
        let body = self.spec.get("requestBody").unwrap_or(&Value::Null);
        let bodies = content(body);
        match bodies.first() {
            Some((media_type, _)) if media_type.starts_with("multipart/") => {
                line.push_str(" -F file=@FILE")
            }
            Some((media_type, _)) => {
                line.push_str(&format!(" -H 'Content-Type: {media_type}' --data @FILE"));
            }
            None if self.method != "GET" => line.push_str(&format!(" -X {}", self.method)),
            None => {}
        }
        let path = self.path.replace(['{', '}'], "");
        let parts = path.split('/').zip(self.path.split('/'));
        let parts = parts.map(|(name, part)| match name == part {
            true => name.to_owned(),
            false => name.to_uppercase(),
        });
        let path: Vec<_> = parts.collect();
        format!("{line} \"$URL{}\"", path.join("/"))
    }
}

/// The media types of a body or a response, each with its schema in short.
fn content(of: &Value) -> Vec<(&str, Html)> {
    let content = of.get("content").and_then(Value::as_object);
    let types = content.into_iter().flatten();
    types
        .map(|(media_type, content)| {
            let type_ = content.get("schema").map(schema::short);
            (media_type.as_str(), type_.unwrap_or_default())
        })
        .collect()
}
