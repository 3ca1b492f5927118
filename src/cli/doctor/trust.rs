//! The doctor's checks of what the database says about trust: tenants on a shared exchange, and API keys
//! that are valid for longer than they are needed.

use jiff::{SignedDuration, Timestamp};

use super::finding::Finding;
use crate::cli::output;
use crate::config::TenancyMode;
use crate::store::admin::api_key::{KeyState, ListedKey};
use crate::store::admin::rights::Privileges;
use crate::store::{Store, StoreError};

const KEYS: &str = "keys";
const TENANCY: &str = "tenancy";
/// A key that was not used for this long is probably forgotten.
const UNUSED_MAX: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Keys that are named.
const LISTED_MAX: usize = 5;

/// Everything about tenants, and about keys if the user may read them.
pub(super) async fn examine(
    store: &Store,
    mode: Option<TenancyMode>,
    granted: &Privileges,
    now: Timestamp,
) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    let may_read = |table| {
        granted
            .get(table)
            .is_some_and(|granted| granted.contains("select"))
    };
    if may_read("tenant") && may_read("producer") {
        findings.extend(tenancy(mode, store.tenancy().await?.is_used()));
    }
    if may_read("api_key") {
        findings.extend(keys(&store.list_keys().await?, now));
    }
    Ok(findings)
}

/// A mode under which tenants and rules refuse nothing.
pub(super) fn tenancy(mode: Option<TenancyMode>, used: bool) -> Option<Finding> {
    let mode = match mode {
        Some(mode @ (TenancyMode::Shared | TenancyMode::Observe)) if used => mode.name(),
        Some(TenancyMode::Shared | TenancyMode::Observe | TenancyMode::Enforce) | None => {
            return None;
        }
    };
    let message = format!(
        "there are tenants or rules, and with tenancy.mode = {mode} every publisher on \
         waybill.events may still act for each of them"
    );
    let remedy = "remove tenancy.mode: without it they are enforced";
    Some(Finding::warn(TENANCY, message).remedy(remedy.to_owned()))
}

/// Valid keys that never expire, and those that nothing uses.
pub(super) fn keys(keys: &[ListedKey], now: Timestamp) -> Vec<Finding> {
    let valid = || keys.iter().filter(|key| key.state == KeyState::Valid);
    let endless = valid().filter(|key| key.expires_at.is_none());
    let unused = valid().filter(|key| {
        let used = key.last_used_at.unwrap_or(key.created_at);
        now.duration_since(used) > UNUSED_MAX
    });
    let endless = named(endless).map(|ids| {
        let remedy = "replace each with one that expires: `waybill key rotate ID`";
        Finding::warn(KEYS, format!("never expire: {ids}")).remedy(remedy.to_owned())
    });
    let unused = named(unused).map(|ids| {
        let remedy = "`waybill key list` shows whose they are; `waybill key revoke ID` ends one";
        Finding::warn(KEYS, format!("were not used for 90 days: {ids}")).remedy(remedy.to_owned())
    });
    endless.into_iter().chain(unused).collect()
}

fn named<'a>(keys: impl Iterator<Item = &'a ListedKey>) -> Option<String> {
    let ids: Vec<_> = keys.map(|key| key.id.clone()).collect();
    (!ids.is_empty()).then(|| output::some(ids, LISTED_MAX))
}
