//! The AsyncAPI document against the code: what it names is there, and nothing else is.

use std::collections::BTreeSet;

use super::contract::{names, published};
use super::*;
use crate::domain::{Kind, Status};

fn document() -> Value {
    serde_json::from_str(schema::asyncapi()).unwrap()
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

/// The types of messages that go through a channel, by what they refer to.
fn carried(document: &Value, channel: &str) -> BTreeSet<String> {
    let messages = document["channels"][channel]["messages"].as_object();
    let referred = messages.unwrap().iter().map(|(name, message)| {
        assert_eq!(message["$ref"], format!("#/components/messages/{name}"));
        name.clone()
    });
    referred.collect()
}

/// The headers of a message that goes out: those of all, and its own.
fn headers<'d>(document: &'d Value, type_: &str) -> [&'d Value; 2] {
    let message = &document["components"]["messages"][type_];
    let traits = message["traits"].as_array().unwrap();
    let [published] = traits.as_slice() else {
        panic!("{type_} has one trait");
    };
    assert_eq!(published["$ref"], "#/components/messageTraits/published");
    let shared = &document["components"]["messageTraits"]["published"];
    [&shared["headers"], &message["headers"]]
}

#[test]
fn every_event_type_is_a_routing_key_and_a_message() {
    let document = document();
    let events = &document["channels"]["waybill.events"];
    assert_eq!(events["address"], "{type}");
    let types: BTreeSet<_> = type_names().collect();
    assert_eq!(texts(&events["parameters"]["type"]["enum"]), types);
    let mut carried = carried(&document, "waybill.events");
    assert!(carried.remove("cloudevent.structured") && carried.remove("cloudevent.binary"));
    assert_eq!(carried, types.iter().map(|&name| name.to_owned()).collect());
    let binary = &document["components"]["messages"]["cloudevent.binary"]["headers"];
    let stated = &binary["properties"]["cloudEvents_type"]["enum"];
    assert_eq!(texts(stated), types);
}

#[test]
fn every_schema_is_a_component_and_no_other() {
    let document = document();
    let known: BTreeSet<_> = schema::schemas().map(|(name, _)| name).collect();
    assert_eq!(names(&document["components"]["schemas"]), known);
    for (name, message) in document["components"]["messages"].as_object().unwrap() {
        assert_eq!(message["name"], **name);
        let payload = &message["payload"];
        let own = format!("#/components/schemas/{name}");
        if type_names().any(|known| known == name) {
            assert_eq!(payload["allOf"][1]["properties"]["type"]["const"], **name);
            assert_eq!(payload["allOf"][1]["properties"]["data"]["$ref"], own);
        } else if !name.starts_with("cloudevent.") {
            assert_eq!(payload["$ref"], own);
        }
    }
}

#[test]
fn what_goes_out_has_the_routing_keys_that_its_channel_names() {
    let document = document();
    let channel = |name: &str| &document["channels"][name];
    let completions = channel("waybill.completions");
    assert_eq!(completions["address"], "{kind}.{status}");
    assert_eq!(channel("waybill.stages")["address"], "{workflow}.{stage}");
    let published = published();
    let (mut kinds, mut statuses) = (BTreeSet::new(), BTreeSet::new());
    for message in &published {
        let key = message.routing_key.as_str();
        match message.type_ {
            crate::wire::encode::completion::COMPLETED => {
                let (kind, status) = key.split_once('.').unwrap();
                kinds.insert(kind);
                statuses.insert(status);
            }
            "stage.entered" => assert_eq!(key, "purchase.review"),
            _ => assert_eq!(key, "answers"),
        }
    }
    let documented = |name: &str| texts(&completions["parameters"][name]["enum"]);
    assert_eq!((documented("kind"), kinds.len()), (kinds, Kind::ALL.len()));
    let ends = Status::ALL.iter().filter(|status| status.is_final());
    assert_eq!(
        (documented("status"), statuses.len()),
        (statuses, ends.count())
    );
    let channels = ["replies", "waybill.completions", "waybill.stages"];
    let carried = channels.map(|channel| carried(&document, channel));
    let carried: BTreeSet<_> = carried.into_iter().flatten().collect();
    let types = published.iter().map(|message| message.type_.to_owned());
    assert_eq!(carried, types.collect());
}

#[test]
fn what_goes_out_has_the_headers_that_it_names() {
    let document = document();
    let published = published();
    let shared = &document["components"]["messageTraits"]["published"];
    let mut sent: BTreeSet<&str> = BTreeSet::new();
    let mut always: Option<BTreeSet<&str>> = None;
    for message in &published {
        assert_eq!(shared["contentType"], message.content_type);
        let documented = headers(&document, message.type_);
        for (name, value) in &message.headers {
            let parts = documented.map(|part| &part["properties"][name]);
            assert!(parts.iter().any(|part| part.is_object()), "{name}");
            let constant = parts.iter().find_map(|part| part["const"].as_str());
            assert!(
                constant.is_none_or(|documented| documented == value),
                "{name}: {value}"
            );
        }
        let carried: BTreeSet<_> = message.headers.iter().map(|(name, _)| &**name).collect();
        let common = always.get_or_insert(carried.clone());
        common.retain(|name| carried.contains(name));
        sent.extend(carried);
    }
    let [shared, own] = headers(&document, crate::wire::encode::completion::COMPLETED);
    assert_eq!(texts(&shared["required"]), always.unwrap());
    let documented = &names(&shared["properties"]) | &names(&own["properties"]);
    assert_eq!(documented, sent);
}

#[test]
fn every_example_is_an_event_that_is_accepted() {
    let document = document();
    let mut types = BTreeSet::new();
    for (name, message) in document["components"]["messages"].as_object().unwrap() {
        for example in message["examples"].as_array().into_iter().flatten() {
            let body = example["payload"].to_string();
            let headers: Vec<_> = example["headers"]
                .as_object()
                .into_iter()
                .flatten()
                .collect();
            let headers = headers
                .iter()
                .map(|(name, value)| (name.as_str(), HeaderValue::Text(value.as_str().unwrap())));
            let headers: Vec<_> = headers.collect();
            let content_type = message["contentType"]
                .as_str()
                .unwrap_or("application/json");
            let accepted = decode_default(&Message {
                content_type: Some(content_type),
                headers: &headers,
                ..plain(body.as_bytes())
            });
            let type_name = accepted.unwrap().type_name;
            assert!(name.starts_with("cloudevent.") || name == type_name);
            types.insert(type_name);
        }
    }
    assert_eq!(types, type_names().collect());
}

/// A header that no attribute can have for a value.
const STRANGE: HeaderValue<'_> = HeaderValue::Text("text/strange");

#[test]
fn every_header_of_an_event_in_binary_mode_is_read() {
    let document = document();
    let documented = &document["components"]["messages"]["cloudevent.binary"]["headers"];
    let usual = [
        ("cloudEvents_specversion", HeaderValue::Text("1.0")),
        ("cloudEvents_id", HeaderValue::Text("e1")),
        ("cloudEvents_source", HeaderValue::Text("scanner")),
        ("cloudEvents_type", HeaderValue::Text("upload.received")),
    ];
    let said = |headers: &[(&str, HeaderValue<'_>)]| decode_default(&with_headers("{}", headers));
    let plainly = said(&usual);
    assert!(plainly.is_ok());
    for name in names(&documented["properties"]) {
        let mut changed = usual.to_vec();
        changed.retain(|(known, _)| *known != name);
        changed.push((name, STRANGE));
        assert_ne!(said(&changed), plainly, "{name}");
    }
    let shared = &document["components"]["messageTraits"]["event"]["headers"];
    let ours = names(&shared["properties"]);
    assert_eq!(ours, ["tenant", "traceparent", "tracestate"].into());
}
