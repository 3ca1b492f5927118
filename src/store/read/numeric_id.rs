//! Processes by number, for APIs that can't address them by token.
//!
//! The number of a process is the beginning of its key, so it is not stored, and a look-up scans a
//! narrow range of keys. It has 53 bits, so that every JSON parser reads it exactly: the chance
//! that two of a tenant's ten million processes share one is one in two hundred.

use uuid::Uuid;

use crate::domain::ProcessKey;
use crate::store::{Store, StoreError, column};

const FIND: &str = include_str!("../queries/read/find_numbered.sql");
/// Bits of the key behind its number.
const REST: u32 = 128 - 60 + 3;
/// The position of a UUID's version: these bits are the same in every key.
const VERSION: u32 = 76;
/// Bits of the number that lie below the version.
const LOW_BITS: u32 = VERSION - REST;

/// The number of a process.
#[must_use]
pub fn number(key: ProcessKey) -> u64 {
    let bits = key.0.as_u128();
    let high = bits >> (VERSION + 4);
    let low = (bits >> REST) & ((1 << LOW_BITS) - 1);
    u64::try_from((high << LOW_BITS) | low).unwrap_or(u64::MAX)
}

/// The smallest and the greatest key of this number; `None` if it is too large.
pub(super) fn keys(number: u64) -> Option<(Uuid, Uuid)> {
    let number = u128::from(number);
    let high = number >> LOW_BITS;
    if high >= 1 << 48 {
        return None;
    }
    let low = number & ((1 << LOW_BITS) - 1);
    let least = (high << (VERSION + 4)) | (5 << VERSION) | (low << REST);
    let greatest = least | ((1 << REST) - 1);
    Some((Uuid::from_u128(least), Uuid::from_u128(greatest)))
}

impl Store {
    /// The tokens of a tenant's processes with this number, the oldest first: rarely more than one.
    pub async fn numbered(&self, tenant: &str, number: u64) -> Result<Vec<String>, StoreError> {
        let Some((least, greatest)) = keys(number) else {
            return Ok(Vec::new());
        };
        let rows = self.rows(FIND, &[&tenant, &least, &greatest]).await?;
        Ok(column(&rows, |row| row.get(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_back_to_a_range_of_keys_with_its_own_in_it() {
        for token in ["a", "b", "7f2eaad4-d2eb-4f50-9678-002f8c97915f"] {
            let key = ProcessKey::of("default", token);
            let (least, greatest) = keys(number(key)).unwrap();
            assert!((least..=greatest).contains(&key.0), "{token}");
            let narrow = greatest.as_u128() - least.as_u128();
            assert!(narrow < 1 << REST && number(ProcessKey(least)) == number(key));
            assert_ne!(number(key), number(ProcessKey::of("other", token)));
            assert!(number(key) < 1 << 53);
        }
        assert!(keys(1 << 53).is_none() && keys(u64::MAX).is_none());
    }
}
