//! One operation on the page: its parameters, its responses, and an example with curl.

use maud::{Markup, html};
use serde_json::Value;

use super::schema::{self, list};
use super::{prose, table, text};
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

impl Operation<'_> {
    /// Whether it has this tag.
    pub(super) fn is_of(&self, tag: &Value) -> bool {
        let mut tags = list(self.spec, "tags").iter();
        tags.any(|name| Some(name) == tag.get("name"))
    }

    /// Its line in the list of operations.
    pub(super) fn entry(&self) -> Markup {
        html! {
            div { a href=(format!("#{}", self.id())) { (self.name()) " " (prose(text(self.spec, "summary"))) } }
        }
    }

    /// Its section.
    pub(super) fn section(&self) -> Markup {
        let scope = match self.spec.get(SCOPE).and_then(Value::as_str) {
            Some(scope) => format!("needs a key with the scope `{scope}`"),
            None => "needs no key".to_owned(),
        };
        html! {
            section id=(self.id()) {
                h2 { (self.name()) }
                p.summary { (prose(text(self.spec, "summary"))) }
                (schema::description(self.spec))
                p.scope { (prose(&scope)) }
                pre { (self.curl()) }
                (table(["parameter", "in", "type", "description"], &self.inputs()))
                (table(["status", "when", "body"], &self.answers()))
            }
        }
    }

    fn id(&self) -> &str {
        text(self.spec, "operationId")
    }

    fn name(&self) -> Markup {
        html! { b { (self.method) } " " code { (self.path) } }
    }

    /// Parameters and bodies, one row each.
    fn inputs(&self) -> Vec<[Markup; 4]> {
        let parameters = list(self.spec, "parameters").iter().map(|parameter| {
            let type_ = parameter.get("schema").map(schema::short);
            [
                html! { code { (text(parameter, "name")) } },
                html! { (text(parameter, "in")) },
                type_.unwrap_or_default(),
                prose(text(parameter, "description")),
            ]
        });
        let body = self.body();
        let bodies = content(body).into_iter().map(|(media_type, type_)| {
            let name = html! { code { (media_type) } };
            [
                name,
                html! { "body" },
                type_,
                prose(text(body, "description")),
            ]
        });
        parameters.chain(bodies).collect()
    }

    fn answers(&self) -> Vec<[Markup; 3]> {
        let answers = self.spec.get("responses").and_then(Value::as_object);
        let answer = |(status, answer): (&String, &Value)| {
            let bodies = html! {
                @for (media_type, type_) in content(answer) { div { (type_) " " small { (media_type) } } }
            };
            let status = html! { code { (status) } };
            [status, prose(text(answer, "description")), bodies]
        };
        answers.into_iter().flatten().map(answer).collect()
    }

    fn body(&self) -> &Value {
        self.spec.get("requestBody").unwrap_or(&Value::Null)
    }

    /// An example with curl.
    fn curl(&self) -> String {
        let mut line = "curl".to_owned();
        if self.spec.get(SCOPE).is_some() {
            line.push_str(" -H \"Authorization: Bearer $KEY\"");
        }
        match content(self.body()).first() {
            Some((media_type, _)) if media_type.starts_with("multipart/") => {
                line.push_str(" -F file=@FILE")
            }
            Some((media_type, _)) => {
                line.push_str(&format!(" -H 'Content-Type: {media_type}' --data @FILE"));
            }
            None if self.method != "GET" => line.push_str(&format!(" -X {}", self.method)),
            None => {}
        }
        let part = |part: &str| match part.strip_prefix('{') {
            Some(name) => name.trim_end_matches('}').to_uppercase(),
            None => part.to_owned(),
        };
        let path: Vec<_> = self.path.split('/').map(part).collect();
        format!("{line} \"$URL{}\"", path.join("/"))
    }
}

/// The media types of a body or a response, each with its schema in short.
fn content(of: &Value) -> Vec<(&str, Markup)> {
    let content = of.get("content").and_then(Value::as_object);
    let types = content.into_iter().flatten();
    types
        .map(|(media_type, content)| {
            let type_ = content.get("schema").map(schema::short);
            (media_type.as_str(), type_.unwrap_or_default())
        })
        .collect()
}
