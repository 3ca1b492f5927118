//! W3C trace context: only valid values are kept, so that completions never propagate invalid ones.

/// Members of a `tracestate`.
const MEMBERS_MAX: usize = 32;
/// Bytes of a `tracestate` that must be propagated.
const STATE_BYTES_MAX: usize = 512;

/// Whether a `traceparent` is valid: version, trace id, parent id, flags.
pub(super) fn is_parent(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut part = |length: usize| {
        let part = parts.next().unwrap_or_default();
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (part.len() == length && part.bytes().all(hex)).then_some(part)
    };
    let (Some(version), Some(trace), Some(parent), Some(_)) =
        (part(2), part(32), part(16), part(2))
    else {
        return false;
    };
    let nothing_follows = parts.next().is_none();
    version != "ff"
        && !is_zero(trace)
        && !is_zero(parent)
        && (nothing_follows || version != "00")
        && text.len() <= STATE_BYTES_MAX
        && text.is_ascii()
}

/// Whether a `tracestate` is valid, as far as propagation needs.
pub(super) fn is_state(text: &str) -> bool {
    let printable = |byte: u8| matches!(byte, b' '..=b'~' | b'\t');
    let members = text.split(',').map(str::trim).filter(|one| !one.is_empty());
    let mut count = 0;
    let well_formed = members.inspect(|_| count += 1).all(|member| {
        let (key, value) = member.split_once('=').unwrap_or_default();
        !key.is_empty() && !key.contains(' ') && !value.is_empty()
    });
    text.len() <= STATE_BYTES_MAX
        && text.bytes().all(printable)
        && well_formed
        && (1..=MEMBERS_MAX).contains(&count)
}

fn is_zero(hex: &str) -> bool {
    hex.bytes().all(|byte| byte == b'0')
}
