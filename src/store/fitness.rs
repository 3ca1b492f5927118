//! Checks a new connection: that its startup parameters reach the server, and that a commit
//! survives a crash.

use deadpool_postgres::ClientWrapper;

use super::StoreError;
use super::pooler::NO_POOLER;

/// Our own startup parameter: if it does not reach the server, neither do the others.
pub(super) const MARK: &str = "waybill.session";
pub(super) const MARK_VALUE: &str = "1";
const CHECK_SESSION: &str = include_str!("queries/admin/check_session.sql");

/// Refuses a new connection on which Waybill's guarantees would not hold.
pub(super) async fn check(client: &ClientWrapper) -> Result<(), StoreError> {
    let row = client.query_one(CHECK_SESSION, &[]).await?;
    let (mark, commit, isolation): (Option<&str>, &str, &str) =
        (row.get(0), row.get(1), row.get(2));
    match fault(mark, commit, isolation) {
        Some(fault) => Err(StoreError::Unfit(fault)),
        None => Ok(()),
    }
}

fn fault(mark: Option<&str>, commit: &str, isolation: &str) -> Option<String> {
    if mark.is_none_or(str::is_empty) {
        return Some(format!(
            "the settings sent when a connection starts do not reach the server, because a pooler \
             in between ignores them; {NO_POOLER}"
        ));
    }
    if commit == "off" {
        return Some(
            "synchronous_commit is off, so a crash of the server loses what it has confirmed; take \
             it out of the options in database.url, or give it the value on"
                .to_owned(),
        );
    }
    if isolation != "read committed" {
        return Some(format!(
            "default_transaction_isolation is {isolation}, under which batches that meet fail; take \
             it out of the options in database.url, or give it the value read committed"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_session_that_keeps_the_guarantees_is_used() {
        let named = [
            (None, "on", "read committed", "pooler"),
            (Some(""), "on", "read committed", "pooler"),
            (Some("1"), "off", "read committed", "synchronous_commit"),
            (Some("1"), "on", "serializable", "serializable"),
        ];
        for (mark, commit, isolation, word) in named {
            let fault = fault(mark, commit, isolation).expect(word);
            assert!(fault.contains(word), "{fault}");
        }
        for commit in ["on", "local", "remote_write", "remote_apply"] {
            assert_eq!(fault(Some("1"), commit, "read committed"), None);
        }
    }
}
