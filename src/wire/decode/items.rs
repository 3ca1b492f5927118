//! The data of `<kind>.items`: the outcomes of up to a limited number of items.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::message::Limits;
use super::object::{List, NumberOrText, Object, Text};
use super::validate::Validator;
use crate::domain::{Happening, Item};

/// The data. Everything is optional for the parser, so that all missing fields are reported.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Items<'a> {
    items: Option<List<Object<ItemData<'a>>, { Limits::ITEMS_MAX }>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct ItemData<'a> {
    identifier: Option<Text<'a>>,
    ok: Option<bool>,
    messages: Option<List<Text<'a>, { Limits::MESSAGES_PER_ITEM }>>,
    document_id: Option<NumberOrText<'a>>,
    data: Option<&'a RawValue>,
}

/// The outcomes it holds.
pub(super) fn happening(data: Items<'_>, validator: &mut Validator<'_>) -> Happening {
    let Some(list) = data.items else {
        validator.demand("items", "is missing");
        return Happening::Items(Vec::new());
    };
    let max = validator.limits.items.min(Limits::ITEMS_MAX);
    if list.count > max {
        let detail = format!("must have at most {max} entries; send several events");
        validator.exceeded("items", detail);
        return Happening::Items(Vec::new());
    }
    let items = list.kept.into_iter().enumerate();
    Happening::Items(
        items
            .map(|(index, Object(item))| outcome(index, item, validator))
            .collect(),
    )
}

/// One outcome. Missing fields are noted and get defaults, since the event is refused anyway.
fn outcome(index: usize, item: ItemData<'_>, validator: &mut Validator<'_>) -> Item {
    if item.identifier.is_none() {
        validator.demand(format_args!("items/{index}/identifier"), "is missing");
    }
    if item.ok.is_none() {
        validator.demand(
            format_args!("items/{index}/ok"),
            "is missing; give true or false",
        );
    }
    Item {
        identifier: validator
            .name(format_args!("items/{index}/identifier"), item.identifier)
            .unwrap_or_default(),
        ok: item.ok.unwrap_or_default(),
        messages: messages(index, item.messages, validator),
        document_id: validator.name(
            format_args!("items/{index}/document_id"),
            item.document_id.map(|NumberOrText(text)| text),
        ),
        data: item.data.map(|raw| raw.get().to_owned()),
    }
}

fn messages(
    index: usize,
    list: Option<List<Text<'_>, { Limits::MESSAGES_PER_ITEM }>>,
    validator: &mut Validator<'_>,
) -> Vec<String> {
    let Some(list) = list else { return Vec::new() };
    if list.count > Limits::MESSAGES_PER_ITEM {
        let detail = format!("must have at most {} entries", Limits::MESSAGES_PER_ITEM);
        validator.exceeded(format_args!("items/{index}/messages"), detail);
    }
    let kept = list.kept.into_iter().enumerate();
    kept.filter_map(|(place, text)| {
        validator.text(format_args!("items/{index}/messages/{place}"), Some(text))
    })
    .collect()
}
