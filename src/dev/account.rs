//! The user a server runs as: its own if this program runs as root, which neither server should.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
};

use super::DevError;

/// The user a server runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// The user that runs this program.
    Current,
    /// Another user, which only root can become.
    Other {
        /// Its name.
        name: &'static str,
        /// Its number.
        uid: u32,
        /// Its group's number.
        gid: u32,
    },
}

impl Account {
    /// The account for a server whose package creates `user`.
    pub(super) fn of_server(user: &'static str) -> Result<Self, DevError> {
        if !is_root() {
            return Ok(Self::Current);
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        find(&users, user).ok_or(DevError::NoAccount { user })
    }

    /// The prefix of a command that runs it as this user.
    pub(super) fn prefix(self) -> Vec<OsString> {
        match self {
            Self::Current => Vec::new(),
            Self::Other { uid, gid, .. } => vec![
                "setpriv".into(),
                format!("--reuid={uid}").into(),
                format!("--regid={gid}").into(),
                "--clear-groups".into(),
            ],
        }
    }

    /// Makes this user the owner of a file or folder.
    pub(super) fn own(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Current => Ok(()),
            Self::Other { uid, gid, .. } => chown(path, Some(uid), Some(gid)),
        }
    }

    /// Refuses a folder that this user can't access.
    pub(super) fn require_way_to(self, folder: &Path) -> Result<(), DevError> {
        let Self::Other { name, uid, gid } = self else {
            return Ok(());
        };
        let closed = folder.ancestors().find(|folder| {
            fs::metadata(folder).is_ok_and(|found| {
                let may_enter = if found.uid() == uid {
                    0o100
                } else if found.gid() == gid {
                    0o010
                } else {
                    0o001
                };
                found.mode() & may_enter == 0
            })
        });
        match closed {
            None => Ok(()),
            Some(closed) => Err(DevError::Closed {
                user: name,
                folder: closed.to_owned(),
            }),
        }
    }
}

/// Whether this program runs as root.
pub(super) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn find(users: &str, name: &'static str) -> Option<Account> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account::Other { name, uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:8:::\npostgres:x:101:104:::\n";
        let name = "postgres";
        let (uid, gid) = (101, 104);
        let found = find(users, name);
        assert_eq!(found, Some(Account::Other { name, uid, gid }));
        assert_eq!(find(users, "rabbitmq"), None);
    }
}
