//! Finds the processes of a server and signals them.

use std::{fs, process::Stdio};

use tokio::process::Command;

use super::DevError;

/// Whether a process has ended, or is a zombie.
pub(super) fn has_ended(pid: u32) -> bool {
    status(pid).is_none_or(|status| matches!(status.state, 'Z' | 'X'))
}

/// A process and its children, the parent first so that it can't start more of them.
pub(super) fn family(pid: u32) -> Vec<u32> {
    let children = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&other| status(other).is_some_and(|status| status.parent == pid));
    std::iter::once(pid).chain(children).collect()
}

/// Sends a signal by its name; ignores processes that have ended.
pub(super) async fn signal(name: &str, pids: &[u32]) -> Result<(), DevError> {
    // The shell's built-in `kill`: the program of that name is not installed everywhere.
    Command::new("/bin/sh")
        .args([
            "-c",
            r#"signal=$1; shift; kill -s "$signal" "$@""#,
            "kill",
            name,
        ])
        .args(pids.iter().map(u32::to_string))
        .stderr(Stdio::null())
        .status()
        .await
        .map_err(|source| DevError::Run {
            program: "/bin/sh",
            source,
        })?;
    Ok(())
}

struct Status {
    state: char,
    parent: u32,
}

fn status(pid: u32) -> Option<Status> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads `pid (name) state parent …`, where the name may itself contain parentheses and blanks.
fn parse(line: &str) -> Option<Status> {
    let mut fields = line.rsplit_once(')')?.1.split_whitespace();
    Some(Status {
        state: fields.next()?.chars().next()?,
        parent: fields.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_is_parsed() {
        let status = parse("17 (a) b) (c) S 4 17 17 0").expect("the line is well formed");
        assert_eq!((status.state, status.parent), ('S', 4));
    }

    #[test]
    fn this_process_runs_and_belongs_to_its_family() {
        let own = std::process::id();
        assert!(!has_ended(own));
        assert_eq!(family(own).first(), Some(&own));
    }
}
