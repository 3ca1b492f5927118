//! A table of a workflow file: checks its keys and the types of its values.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::SignedDuration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::{Reader, Span};
use crate::config::quoted;
use crate::config::{nearest, parse_duration, show_duration};

/// A text with its place.
pub(super) type Text = (String, Span);

/// A table and what it describes.
#[derive(Debug)]
pub(super) struct Table<'t, 's> {
    table: &'t DeTable<'s>,
    /// Where it begins.
    pub(super) at: Span,
    /// What it describes, as faults call it.
    pub(super) what: String,
}

impl<'t, 's> Table<'t, 's> {
    pub(super) fn new(table: &'t DeTable<'s>, at: Span, what: String) -> Self {
        Self { table, at, what }
    }

    /// Refuses every key that is not known here.
    pub(super) fn check_keys(&self, reader: &mut Reader<'_>, known: &[&str]) {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let remedy = if let Some(near) = nearest(name, known.iter().copied()) {
                format!("did you mean `{near}`?")
            } else if super::KEYS.contains(&name) {
                "keys of the workflow go above the first `[`".to_owned()
            } else {
                format!("its keys are `{}`", known.join("`, `"))
            };
            let message = format!("unknown key {} in {}; {remedy}", quoted(name), self.what);
            reader.fault(&key.span(), message);
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'s>>> {
        self.table.get(key)
    }

    pub(super) fn text(&self, reader: &mut Reader<'_>, key: &str) -> Option<Text> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), value.span())),
            _ => self.wrong(reader, key, value, "a text in quotes"),
        }
    }

    /// The text of a required key.
    pub(super) fn required_text(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
        example: &str,
    ) -> Option<Text> {
        if self.get(key).is_none() {
            let message = format!("{} has no `{key}`; add {example}", self.what);
            reader.fault(&self.at, message);
        }
        self.text(reader, key)
    }

    pub(super) fn flag(&self, reader: &mut Reader<'_>, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong(reader, key, value, "`true` or `false`"),
        }
    }

    pub(super) fn texts(&self, reader: &mut Reader<'_>, key: &str) -> Option<Vec<Text>> {
        self.texts_of(reader, key, self.get(key)?)
    }

    /// The texts of a list; `None` if an element is something else.
    pub(super) fn texts_of(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Vec<Text>> {
        let DeValue::Array(entries) = value.get_ref() else {
            let expected = "a list of texts such as `[\"a\", \"b\"]`";
            return self.wrong(reader, key, value, expected);
        };
        let mut texts: Option<Vec<Text>> = Some(Vec::new());
        for entry in entries {
            if let DeValue::String(text) = entry.get_ref() {
                texts
                    .iter_mut()
                    .for_each(|texts| texts.push((text.to_string(), entry.span())));
            } else {
                texts = self.wrong(reader, key, entry, "only texts in quotes into the list");
            }
        }
        texts
    }

    /// A duration within bounds, in milliseconds.
    pub(super) fn duration(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
        millis: RangeInclusive<u64>,
    ) -> Option<SignedDuration> {
        let (text, at) = self.text(reader, key)?;
        let bound = |millis: &u64| Duration::from_millis(*millis);
        let (min, max) = (bound(millis.start()), bound(millis.end()));
        let read = parse_duration(&text).filter(|duration| (min..=max).contains(duration));
        if read.is_none() {
            let (min, max) = (show_duration(min), show_duration(max));
            let remedy = format!(
                "write a duration from {min} to {max}, such as `\"250ms\"`, `\"30m\"`, `\"12h\"` or \
                 `\"2d\"`"
            );
            reader.refuse(&at, &self.called(key), &text, &remedy);
        }
        read.and_then(|duration| SignedDuration::try_from(duration).ok())
    }

    /// A key of it, as faults call it.
    pub(super) fn called(&self, key: &str) -> String {
        format!("`{key}` in {}", self.what)
    }

    /// Reports that a value has the wrong type.
    pub(super) fn wrong<T>(
        &self,
        reader: &mut Reader<'_>,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        expected: &str,
    ) -> Option<T> {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("{} is {found}; write {expected}", self.called(key));
        reader.fault(&value.span(), message);
        None
    }
}
