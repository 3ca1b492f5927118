//! Names on the command line: the same bounds as in events, which would be refused otherwise.

use crate::store::admin::api_key::NAME_BYTES_MAX;

/// Checks a name that may not be blank.
pub(super) fn checked(option: &str, text: &str) -> Result<(), String> {
    bounded(option, text)?;
    match text.trim().is_empty() {
        true => Err(format!("{option}: must not be blank")),
        false => Ok(()),
    }
}

/// Checks a text that may be empty.
pub(super) fn bounded(option: &str, text: &str) -> Result<(), String> {
    if text.len() > NAME_BYTES_MAX {
        return Err(format!(
            "{option}: must be at most {NAME_BYTES_MAX} bytes long"
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{option}: must not contain control characters"));
    }
    Ok(())
}
