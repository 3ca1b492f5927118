//! The text of an API key, `wb_<id>_<secret>`: generating, parsing, hashing and comparing it.
//!
//! A plain hash is enough, because a secret of 256 random bits can't be guessed. The text is a
//! secret: nothing here logs it, and no printable type contains it or its hash.

use std::fmt::Write;

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretString;
use subtle::ConstantTimeEq;

use crate::store::StoreError;

const PREFIX: &str = "wb_";
const ID_BYTES: usize = 6;
const SECRET_BYTES: usize = 32;

/// A random id, and the text of a new key of that id.
pub(super) fn generate() -> Result<(String, SecretString), StoreError> {
    let mut bytes = [0; ID_BYTES + SECRET_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| StoreError::NoRandomness)?;
    let (id, secret) = bytes.split_at(ID_BYTES);
    let id = hex(id);
    let text = format!("{PREFIX}{id}_{}", hex(secret));
    Ok((id, SecretString::from(text)))
}

/// The id in the text of a key; `None` where the text is not that of a key.
#[must_use]
pub fn id_of(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    (is_id(id) && is_hex(secret, SECRET_BYTES)).then_some(id)
}

/// Whether a text has the form of a key's id.
#[must_use]
pub fn is_id(text: &str) -> bool {
    is_hex(text, ID_BYTES)
}

/// The hash of a key's text, as stored.
pub(super) fn hash(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

/// Whether a text has this hash, compared in constant time.
pub(super) fn matches(text: &str, kept: &[u8]) -> bool {
    hash(text).ct_eq(kept).into()
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn is_hex(text: &str, bytes: usize) -> bool {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 2 * bytes && text.bytes().all(digit)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_text_holds_its_id_and_a_secret_of_its_own() {
        let (id, text) = generate().unwrap();
        let (other_id, other) = generate().unwrap();
        let (text, other) = (text.expose_secret(), other.expose_secret());
        assert_eq!(text.len(), 3 + 12 + 1 + 64);
        assert_eq!(id_of(text), Some(id.as_str()));
        assert!(id != other_id && text.get(16..) != other.get(16..));
    }

    #[test]
    fn only_a_whole_text_is_that_of_a_key() {
        let secret = "0f".repeat(32);
        let sound = format!("wb_0123456789ab_{secret}");
        assert_eq!(id_of(&sound), Some("0123456789ab"));
        for wrong in [
            String::new(),
            "wb_0123456789ab".to_owned(),
            sound.to_uppercase(),
            format!(" {sound}"),
            format!("{sound}\n"),
            format!("{sound}0"),
            format!("wb_0123456789a_{secret}"),
            format!("wb_0123456789ag_{secret}"),
            format!("wb__{secret}"),
            format!("wx_0123456789ab_{secret}"),
            format!("wb_0123456789ab_{}ü", &secret[2..]),
        ] {
            assert_eq!(id_of(&wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_text_matches_its_own_hash_alone() {
        assert_eq!(
            hex(&hash("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(matches("abc", &hash("abc")));
        for other in [&hash("abd")[..], &hash("abc")[..31], &[]] {
            assert!(!matches("abc", other));
        }
    }
}
