//! `waybill tenant add`: declares the exchanges of a tenant.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::broker::tenant_exchanges::{self, ENCODED_BYTES_MAX, encoded};
use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, name, output, servers};
use crate::config::{parse_duration, show_duration};
use crate::domain::tenancy::ANY;

const KEEP_MIN: Duration = Duration::from_secs(1);
const KEEP_MAX: Duration = Duration::from_hours(36_500 * 24);

/// Give a tenant exchanges of its own; adding it again declares what is missing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill tenant add acme
  waybill tenant add acme --keep 30d

Declares the exchanges waybill.tenant.NAME.events, .completions and .stages. What is published to
the first belongs to this tenant, whatever it says of itself; the others carry the completions and
stages of this tenant alone, with the usual routing keys. So permissions on ^waybill\\.tenant\\.NAME\\.
are all that its services need (deploy/rabbitmq/permissions.sh tenant). In these names, every byte
but letters, digits, - and _ is written as % and two digits.

From then on, events published to waybill.events need a rule for their publisher (`waybill producer
allow`), and become dead letters without one, unless tenancy.mode says otherwise.

With --keep, what ended is deleted after that time at the latest, with its files, and the tenant's dead
letters as well; a shorter general retention, or one of a workflow, still holds. Adding the tenant again
changes it at once; without --keep it stays.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct Add {
    /// The tenant.
    name: String,
    /// Keep ended processes and dead letters of the tenant for this time at most, such as 30d.
    #[arg(long, value_name = "TIME", value_parser = keep)]
    keep: Option<Duration>,
}

pub(super) async fn run(add: &Add, sources: &Sources) -> Result<ExitCode, Failure> {
    let tenant = &add.name;
    checked(tenant).map_err(Failure::Usage)?;
    let settings = servers::settings(sources)?;
    let store = servers::store_of(&settings.database, sources)?;
    let was_used = store.tenancy().await?.is_used();
    // First: a tenant whose exchanges are missing would be refused by the broker.
    let connection = servers::broker(&settings.broker).await?;
    let declared = tenant_exchanges::declare(&connection, tenant).await;
    connection.close().await;
    declared?;
    let is_new = store.add_tenant(tenant, add.keep).await?;
    let what = if is_new { "added" } else { "declared again:" };
    output::line(&format!(
        "{what} tenant {}: producers publish to {}, consumers bind to {}",
        escape::line(tenant),
        tenant_exchanges::events_exchange(tenant),
        tenant_exchanges::completions_exchange(tenant),
    ))?;
    if settings.tenancy.mode.is_none() && !was_used {
        output::remark(
            "from now on, events published to waybill.events need a rule: see `waybill producer allow`",
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn keep(text: &str) -> Result<Duration, String> {
    let bounds = KEEP_MIN..=KEEP_MAX;
    let duration = parse_duration(text).filter(|duration| bounds.contains(duration));
    duration.ok_or_else(|| {
        format!(
            "must be a duration from {} to {}, such as 30d",
            show_duration(KEEP_MIN),
            show_duration(KEEP_MAX)
        )
    })
}

fn checked(tenant: &str) -> Result<(), String> {
    name::checked("NAME", tenant)?;
    if tenant == ANY {
        return Err(format!(
            "NAME: {ANY} means every tenant, so it can't be one"
        ));
    }
    if encoded(tenant).len() > ENCODED_BYTES_MAX {
        return Err(format!(
            "NAME: is too long for the name of an exchange: at most {ENCODED_BYTES_MAX} bytes, of which every \
             byte but letters, digits, - and _ counts three times"
        ));
    }
    Ok(())
}
