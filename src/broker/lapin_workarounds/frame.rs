//! Repairs contents of frames that a producer can send but the client library can't parse: texts
//! that are not UTF-8 end its connection, and deeply nested headers overflow its stack.
//!
//! Every repair keeps the length. A frame that can't be parsed is left unchanged.

use crate::broker::header::DEPTH_MAX;

/// Replaces bytes that are not UTF-8: the control character SUBSTITUTE.
pub(in crate::broker) const SUBSTITUTE: char = '\u{1a}';
/// Type, channel and size.
pub(super) const HEAD: usize = 7;

const METHOD: u8 = 1;
const HEADER: u8 = 2;
/// Class and method of `basic.return` and `basic.deliver`.
const RETURN: (u16, u16) = (60, 50);
const DELIVER: (u16, u16) = (60, 60);
const BYTES: u8 = b'x';

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    kind: u8,
    /// How many bytes follow, including the frame-end octet.
    pub(super) rest: usize,
}

impl Head {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let &[kind, _, _, a, b, c, d] = bytes else {
            return None;
        };
        let size = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
        let rest = size.checked_add(1)?;
        Some(Self { kind, rest })
    }

    /// Whether such a frame can carry texts or headers set by a producer.
    pub(super) fn may_need_repair(self) -> bool {
        self.kind == METHOD || self.kind == HEADER
    }
}

/// Repairs one whole frame.
pub(super) fn repair(frame: &mut [u8]) {
    let kind = frame.first().copied();
    let mut cursor = Cursor { rest: frame };
    // `None` means that the frame does not follow the protocol.
    let _walked = match kind {
        Some(METHOD) => cursor.method(),
        Some(HEADER) => cursor.content_header(),
        _ => None,
    };
}

/// Parses a frame; every step is `None` when the bytes run out.
struct Cursor<'a> {
    rest: &'a mut [u8],
}

impl<'a> Cursor<'a> {
    fn method(&mut self) -> Option<()> {
        self.take(HEAD)?;
        match (self.short()?, self.short()?) {
            RETURN => {
                self.short()?;
                self.text()?;
            }
            DELIVER => {
                self.text()?;
                self.take(9)?;
            }
            _ => return None,
        }
        self.text()?;
        self.text()
    }

    fn content_header(&mut self) -> Option<()> {
        self.take(HEAD + 12)?;
        let flags = self.short()?;
        for bit in (2..16).rev() {
            if flags & (1 << bit) != 0 {
                match bit {
                    13 => self.table(DEPTH_MAX)?,
                    // Delivery mode and priority, and the time.
                    11 | 12 => self.take(1).map(drop)?,
                    6 => self.take(8).map(drop)?,
                    _ => self.text()?,
                }
            }
        }
        Some(())
    }

    fn table(&mut self, depth: usize) -> Option<()> {
        let mut entries = self.sized()?;
        while !entries.rest.is_empty() {
            entries.text()?;
            entries.value(depth)?;
        }
        Some(())
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        let [kind] = self.take(1)? else {
            return None;
        };
        match *kind {
            // Byte arrays have the same layout as lists and tables, and are not parsed further.
            b'A' | b'F' if depth == 0 => {
                *kind = BYTES;
                self.sized().map(drop)
            }
            b'F' => self.table(depth - 1),
            b'A' => {
                let mut items = self.sized()?;
                while !items.rest.is_empty() {
                    items.value(depth - 1)?;
                }
                Some(())
            }
            b'S' | BYTES => self.sized().map(drop),
            b'V' => Some(()),
            b't' | b'b' | b'B' => self.take(1).map(drop),
            b's' | b'u' | b'U' => self.take(2).map(drop),
            b'I' | b'i' | b'f' => self.take(4).map(drop),
            b'D' => self.take(5).map(drop),
            b'l' | b'L' | b'd' | b'T' => self.take(8).map(drop),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<()> {
        let &mut [length] = self.take(1)? else {
            return None;
        };
        self.take(length.into()).map(repair_text)
    }

    fn sized(&mut self) -> Option<Cursor<'a>> {
        let &mut [a, b, c, d] = self.take(4)? else {
            return None;
        };
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
        let rest = self.take(length)?;
        Some(Cursor { rest })
    }

    fn short(&mut self) -> Option<u16> {
        let &mut [a, b] = self.take(2)? else {
            return None;
        };
        Some(u16::from_be_bytes([a, b]))
    }

    fn take(&mut self, count: usize) -> Option<&'a mut [u8]> {
        let (head, rest) = std::mem::take(&mut self.rest).split_at_mut_checked(count)?;
        self.rest = rest;
        Some(head)
    }
}

fn repair_text(mut text: &mut [u8]) {
    while let Err(error) = std::str::from_utf8(text) {
        let bad = error.error_len().unwrap_or(usize::MAX);
        let (_, rest) = text.split_at_mut(error.valid_up_to());
        let (bad, rest) = rest.split_at_mut(bad.min(rest.len()));
        bad.fill(SUBSTITUTE as u8);
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_frame(flags: u16, properties: &[u8]) -> Vec<u8> {
        let mut payload = vec![0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
        payload.extend(flags.to_be_bytes());
        payload.extend(properties);
        let mut frame = vec![HEADER, 0, 1];
        frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        frame.extend(payload);
        frame.push(0xce);
        frame
    }

    fn sized(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
    }

    #[test]
    fn texts_that_are_not_utf8_are_replaced_in_place() {
        for (before, after) in [
            (&b"caf\xe9"[..], &b"caf\x1a"[..]),
            (b"\xff\xc3\xbc\xe2\x82", b"\x1a\xc3\xbc\x1a\x1a"),
            (b"plain", b"plain"),
        ] {
            let mut text = before.to_vec();
            repair_text(&mut text);
            assert_eq!(text, after);
        }
    }

    #[test]
    fn every_property_is_parsed() {
        let table = sized(b"\x01\xe9S\x00\x00\x00\x01\xe9");
        let mut properties = vec![];
        properties.extend(b"\x01\xe9\x01e");
        properties.extend(&table);
        properties.extend(b"\x02\x03\x01c\x01r\x01x\x01m");
        properties.extend([0; 8]);
        properties.extend(b"\x01t\x01u\x01a\x01\xff");
        let before = header_frame(0xfffc, &properties);
        let mut after = before.clone();
        repair(&mut after);
        let changed: Vec<_> = before.iter().zip(&after).filter(|(b, a)| b != a).collect();
        assert_eq!(changed, [(&0xe9, &0x1a), (&0xe9, &0x1a), (&0xff, &0x1a)]);
    }

    #[test]
    fn lists_and_tables_nested_too_deep_become_bytes() {
        let mut value = b"V".to_vec();
        for level in 0..10_000 {
            value = match level % 2 {
                0 => [b"A".to_vec(), sized(&value)].concat(),
                _ => [b"F".to_vec(), sized(&[b"\x00".to_vec(), value].concat())].concat(),
            };
        }
        let table = sized(&[b"\x01k".to_vec(), value].concat());
        let before = header_frame(1 << 13, &table);
        let mut after = before.clone();
        repair(&mut after);
        let changed: Vec<_> = before.iter().zip(&after).filter(|(b, a)| b != a).collect();
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].1, &BYTES);
    }

    #[test]
    fn truncated_and_garbled_frames_do_no_harm() {
        let whole = header_frame(0xfffc, &[200; 60]);
        for length in 0..whole.len() {
            repair(&mut whole[..length].to_vec());
        }
    }
}
