//! Building blocks of the borrowed JSON structs: texts, objects that are objects, bounded lists.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

/// A text borrowed from the body unless it has escapes. Its own type because serde borrows `Cow`
/// only when it is not inside an `Option`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A `T` that was an object: derived structs also accept lists, by position.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// A list of which at most `KEPT` elements are kept in memory; the rest is counted.
#[derive(Debug)]
pub(super) struct List<T, const KEPT: usize> {
    pub(super) kept: Vec<T>,
    pub(super) count: usize,
}

impl<'de, T: Deserialize<'de>, const KEPT: usize> Deserialize<'de> for List<T, KEPT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T, const KEPT: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const KEPT: usize> Visitor<'de> for ListVisitor<T, KEPT> {
            type Value = List<T, KEPT>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut kept = Vec::new();
                let mut count = 0;
                while kept.len() < KEPT {
                    let Some(element) = seq.next_element()? else {
                        return Ok(List { kept, count });
                    };
                    kept.push(element);
                    count += 1;
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(List { kept, count })
            }
        }
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

/// The sequence of a `CloudEvent`: a whole number, or its decimal digits as text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sequence(pub(super) u64);

impl Sequence {
    /// The number that the digits write.
    pub(super) fn from_digits(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok().map(Self)).flatten()
    }
}

impl<'de> Deserialize<'de> for Sequence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SequenceVisitor;
        impl Visitor<'_> for SequenceVisitor {
            type Value = Sequence;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number, 0 or more")
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Sequence, E> {
                Ok(Sequence(number))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Sequence, E> {
                Sequence::from_digits(text)
                    .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(SequenceVisitor)
    }
}

/// -2^63 and 2^64.
const I64_MIN: f64 = -9_223_372_036_854_775_808.0;
const U64_END: f64 = 18_446_744_073_709_551_616.0;

/// A name that may be written as a whole number of up to 64 bits, which is then its decimal digits.
/// As in JSON Schema `7.0` is a whole number too.
#[derive(Debug, Clone)]
pub(super) struct NumberOrText<'a>(pub(super) Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for NumberOrText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrTextVisitor<'a>(PhantomData<&'a str>);
        impl<'de: 'a, 'a> Visitor<'de> for NumberOrTextVisitor<'a> {
            type Value = NumberOrText<'a>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text or a whole number")
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(NumberOrText(Text(Cow::Owned(number.to_string()))))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(NumberOrText(Text(Cow::Owned(number.to_string()))))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                let is_whole = number.fract() == 0.0 && (I64_MIN..U64_END).contains(&number);
                if !is_whole {
                    return Err(E::invalid_type(Unexpected::Float(number), &self));
                }
                // A negative zero has no sign as a whole number.
                let digits = format!("{:.0}", number + 0.0);
                Ok(NumberOrText(Text(Cow::Owned(digits))))
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(NumberOrText(Text(Cow::Borrowed(text))))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(NumberOrText(Text(Cow::Owned(text.to_owned()))))
            }
        }
        deserializer.deserialize_any(NumberOrTextVisitor(PhantomData))
    }
}
