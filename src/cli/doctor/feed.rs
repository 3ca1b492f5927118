//! The doctor's check of the change feed: names the transaction that holds it back.

use jiff::{SignedDuration, Timestamp, Unit};

use super::finding::Finding;
use crate::store::read::feed_lag::Holder;
use crate::store::{Store, StoreError};

const ABOUT: &str = "database";
/// A transaction older than this holds the feed back for longer than any batch does.
const AGE_MAX: SignedDuration = SignedDuration::from_secs(10);

pub(super) async fn examine(store: &Store, now: Timestamp) -> Result<Finding, StoreError> {
    let waiting = store.feed_lag().await?.map(|lag| lag.since);
    Ok(judge(store.feed_holder().await?.as_ref(), waiting, now))
}

/// If the start of the transaction is not visible, uses the time of the event that has waited
/// longest.
pub(super) fn judge(
    holder: Option<&Holder>,
    waiting: Option<Timestamp>,
    now: Timestamp,
) -> Finding {
    let began = holder.and_then(|holder| holder.since);
    let since = began.into_iter().chain(waiting).min();
    let age = since.map(|since| now.duration_since(since));
    let (Some(holder), Some(since)) = (holder, since.filter(|_| age > Some(AGE_MAX))) else {
        return Finding::ok(ABOUT, "nothing holds the change feed back");
    };
    let whose = format!(
        "of user {} in database {}, open since {}",
        holder.user.as_deref().unwrap_or("unknown"),
        holder.database.as_deref().unwrap_or("unknown"),
        since.round(Unit::Second).unwrap_or(since),
    );
    let (who, remedy) = match (holder.pid, &holder.prepared) {
        (Some(pid), _) => (
            format!("process {pid}"),
            format!("to end it: select pg_terminate_backend({pid})"),
        ),
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            (
                format!("the prepared transaction '{name}'"),
                format!("commit prepared '{name}' or rollback prepared '{name}', in that database"),
            )
        }
    };
    let message = format!("a transaction holds the change feed back: {who} {whose}");
    Finding::warn(ABOUT, message).remedy(remedy)
}
