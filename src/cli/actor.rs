//! Who uses the command line, for the audit.

use super::Sources;
use crate::store::actor::{Actor, ActorKind};

const HOSTNAME: &str = "/proc/sys/kernel/hostname";
const UNKNOWN: &str = "unknown";

/// The user of this command, as the environment names them, on this machine. To run commands
/// takes the password of the database, whose user is recorded too.
pub(super) fn of_command(sources: &Sources) -> Actor {
    let named = |name: &str| {
        std::env::var_os(name)?
            .into_string()
            .ok()
            .filter(|it| !it.is_empty())
    };
    let user = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(named);
    let host = std::fs::read_to_string(HOSTNAME).ok();
    let host = host
        .map(|host| host.trim().to_owned())
        .filter(|host| !host.is_empty());
    Actor {
        kind: ActorKind::Command,
        name: user.unwrap_or_else(|| UNKNOWN.to_owned()),
        origin: host.unwrap_or_else(|| UNKNOWN.to_owned()),
        reason: sources.why.clone(),
    }
}
