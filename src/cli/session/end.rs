//! `waybill session end`: ends one session, those of a key, or all.

use std::process::ExitCode;

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::{Sources, output, servers};
use crate::store::admin::session::SessionSelection;

/// End a session, those of a key, or all; they are refused everywhere within two seconds.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill session end 9f86d081884c7d65
  waybill session end --key 5f0c9a7e21bd --why 'a lost laptop'
  waybill session end --all --tenant acme

With the key a client can log in again; `waybill key revoke` prevents that, and ends its sessions too.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 no such session.")]
pub(super) struct End {
    /// The id of the session, from `waybill session list`.
    #[arg(required_unless_present_any = ["key", "all"], conflicts_with_all = ["key", "all", "tenant"])]
    id: Option<String>,
    /// All sessions of the key with this id.
    #[arg(long, conflicts_with_all = ["all", "tenant"])]
    key: Option<String>,
    /// All sessions, or all of --tenant.
    #[arg(long)]
    all: bool,
    /// With --all, only sessions of this tenant.
    #[arg(long, requires = "all")]
    tenant: Option<String>,
}

pub(super) async fn run(end: End, sources: &Sources) -> Result<ExitCode, Failure> {
    let End {
        id, key, tenant, ..
    } = end;
    let selection = SessionSelection {
        id,
        key,
        tenant,
        except: None,
    };
    match servers::store(sources)?.end_sessions(&selection).await? {
        0 => Err(Failure::Unknown(
            "no such session is open; see `waybill session list`".to_owned(),
        )),
        ended => {
            output::line(&format!("ended sessions: {ended}"))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
