//! Explains why a text did not parse: the pointer and the remedy. Runs only after the fast path
//! failed.
//!
//! No value of the body gets into a detail: details are logged.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_path_to_error::{Path, Segment};

use super::fault::Fault;
use super::json_precheck::string_end;
use super::reason::Reason;

/// The fault of a text that is not a `T`; `base` is where the text is in the body.
pub(super) fn diagnose<'a, T: Deserialize<'a>>(text: &'a str, base: &str) -> Fault {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return syntax(&error);
    }
    let mut parser = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(&mut parser) {
        Ok(_) => Fault::at(
            Reason::InvalidField,
            base,
            "does not have the form it must have",
        ),
        Err(error) => {
            let said = error.inner().to_string();
            let pointer = pointer(base, error.path(), twice(&said));
            Fault::at(Reason::InvalidField, pointer, demand(&said))
        }
    }
}

/// The fault of a text that is not one JSON document.
pub(super) fn syntax(error: &serde_json::Error) -> Fault {
    let said = error.to_string();
    let detail = if error.is_eof() {
        format!(
            "the body ends in the middle of the document, at {}",
            place(error)
        )
    } else if said.starts_with("trailing characters") {
        format!(
            "something follows the document, at {}; send one document per message",
            place(error)
        )
    } else {
        format!("the body is not JSON: {said}")
    };
    Fault::whole(Reason::Undecodable, detail)
}

fn place(error: &serde_json::Error) -> String {
    format!("line {} column {}", error.line(), error.column())
}

/// The JSON pointer of the value at an offset of a JSON document. Inside a key it is the object
/// that has the key.
pub(super) fn pointer_at(text: &str, offset: usize) -> String {
    let bytes = text.as_bytes();
    let mut frames: Vec<Frame> = Vec::new();
    let mut at = 0;
    while at < offset {
        let mut next = at + 1;
        match (bytes.get(at), frames.last_mut()) {
            (Some(b'{'), _) => frames.push(Frame::Key(None)),
            (Some(b'['), _) => frames.push(Frame::Index(0)),
            (Some(b'}' | b']'), _) => drop(frames.pop()),
            (Some(b','), Some(Frame::Key(key))) => *key = None,
            (Some(b','), Some(Frame::Index(index))) => *index += 1,
            (Some(b'"'), frame) => {
                next = string_end(bytes, at).unwrap_or(usize::MAX);
                if let (Some(Frame::Key(key @ None)), Some(name)) = (frame, text.get(at..next)) {
                    *key = serde_json::from_str(name).ok();
                }
            }
            (Some(_), _) => {}
            (None, _) => break,
        }
        at = next;
    }
    let mut pointer = "#".to_owned();
    for frame in &frames {
        match frame {
            Frame::Key(Some(key)) => append(&mut pointer, key),
            Frame::Key(None) => {}
            Frame::Index(index) => append(&mut pointer, &index.to_string()),
        }
    }
    pointer
}

enum Frame {
    Key(Option<String>),
    Index(usize),
}

fn append(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

fn pointer(base: &str, path: &Path, twice: Option<&str>) -> String {
    let mut pointer = base.to_owned();
    let mut last = None;
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => append(&mut pointer, &index.to_string()),
            Segment::Map { key } => {
                append(&mut pointer, key);
                last = Some(key.as_str());
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    if let Some(name) = twice.filter(|name| last != Some(name)) {
        append(&mut pointer, name);
    }
    pointer
}

/// The field that the parser found twice.
fn twice(said: &str) -> Option<&str> {
    let rest = said.strip_prefix("duplicate field `")?;
    rest.split('`').next()
}

/// What the field must be. Of the parser's message only the expected type is used: the rest quotes
/// the value.
fn demand(said: &str) -> String {
    if twice(said).is_some() {
        return "is given twice".to_owned();
    }
    let expected = said
        .rsplit_once("expected ")
        .map_or("something else", |(_, expected)| expected);
    let expected = expected.split(" at line ").next().unwrap_or(expected);
    let required = match expected {
        "a string" => "a text",
        "u64" => "a whole number, 0 or more",
        "a boolean" => "true or false",
        other => other,
    };
    format!("must be {required}")
}
