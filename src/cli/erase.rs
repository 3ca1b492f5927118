//! `waybill erase`: erases processes with everything that is kept of them.

use std::process::ExitCode;

use clap::Args;

use super::confirm;
use super::failure::Failure;
use super::{Sources, escape, output, servers};
use crate::domain::DEFAULT_TENANT;
use crate::store::admin::erasure::{Erased, Erasure, ErasureScope};
use crate::view::erasure::ErasureReceipt;

/// Erase a process, a group or all of a tenant: records, log, items, files, dead letters, messages.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill erase --token 8a4f0c --why 'request of the customer'
  waybill erase --group intake-7 --tenant acme --yes
  waybill erase --tenant acme --everything --yes

Prints a receipt as JSON: what was erased, when, by whom, and what may still hold it. No completion
is sent. What comes of an erased token later is refused; only a new opening, later than the erasure,
begins a new process. The objects of files are removed by the janitor of a running Waybill.

--everything also revokes the tenant's keys, ends its sessions and removes the rules of its
producers; take their permissions on the broker first, or more may come. The tenant's exchanges and
its name stay.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 nothing is kept of it.")]
pub(super) struct Erase {
    /// The process of this token.
    #[arg(long, required_unless_present_any = ["group", "everything"], conflicts_with_all = ["group", "everything"])]
    token: Option<String>,
    /// The processes of this group.
    #[arg(long, conflicts_with = "everything")]
    group: Option<String>,
    /// All of the tenant.
    #[arg(long, requires = "tenant")]
    everything: bool,
    /// The tenant [default: `default`].
    #[arg(long)]
    tenant: Option<String>,
    /// Do not prompt for confirmation.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(erase: Erase, sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    let tenant = erase.tenant.unwrap_or_else(|| DEFAULT_TENANT.to_owned());
    let (scope, what) = match (erase.token, erase.group) {
        (Some(token), _) => {
            let what = format!("the process of the token {token} of the tenant {tenant}");
            (ErasureScope::Token(token), what)
        }
        (None, Some(group)) => {
            let what = format!("all processes of the group {group} of the tenant {tenant}");
            (ErasureScope::Group(group), what)
        }
        (None, None) => {
            let what = format!("everything of the tenant {tenant}");
            (ErasureScope::Everything, what)
        }
    };
    let what = escape::line(&what);
    let question = format!("erase {what} permanently?");
    if !erase.yes && !confirm::confirmed("erasing", &question)? {
        output::line("nothing was erased")?;
        return Ok(ExitCode::SUCCESS);
    }
    let erasure = Erasure {
        tenant,
        scope,
        unowned: true,
        time_max: None,
    };
    let erased = erasure.run(&store, progress).await?;
    if erased.is_nothing() {
        return Err(Failure::Unknown(format!("nothing is kept of {what}")));
    }
    output::json(&ErasureReceipt::new(&erasure, &erased, &store))?;
    Ok(ExitCode::SUCCESS)
}

fn progress(erased: &Erased) {
    let done = format!("{} processes erased", erased.processes);
    // Without a standard error there is only the receipt.
    let _ = output::remark(&done);
}
