//! `waybill tenant add`: declares the exchanges of a tenant, and its own queue if it is to have one.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::broker::tenant_exchanges::{self, ENCODED_BYTES_MAX, encoded};
use crate::broker::tenant_queue::{self, TENANT_QUEUES_MAX};
use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, name, output, servers};
use crate::config::{parse_duration, show_duration};
use crate::domain::tenancy::{ANY, Tenancy, TenantQueue};
use crate::store::admin::tenancy::{TenantChange, TenantSettings};

const KEEP_MIN: Duration = Duration::from_secs(1);
const KEEP_MAX: Duration = Duration::from_hours(36_500 * 24);

/// Give a tenant exchanges of its own, and a queue if it is to have one; adding it again declares what is missing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill tenant add acme
  waybill tenant add acme --own-queue --keep 30d
  waybill tenant add acme --own-queue=false

Declares the exchanges waybill.tenant.NAME.events, .completions and .stages. What is published to
the first belongs to this tenant, whatever it says of itself; the others carry the completions and
stages of this tenant alone, with the usual routing keys. So permissions on ^waybill\\.tenant\\.NAME\\.
are all that its services need (deploy/rabbitmq/permissions.sh tenant). In these names, every byte
but letters, digits, - and _ is written as % and two digits.

From then on, events published to waybill.events need a rule for their publisher (`waybill producer
allow`), and become dead letters without one, unless tenancy.mode says otherwise.

With --keep, what ended is deleted after that time at the latest, with its files, and the tenant's dead
letters as well; a shorter general retention, or one of a workflow, still holds.

With --own-queue, the tenant's events go to the queue waybill.events.tenant.NAME, which workers consume
beside the others: its backlog delays no other tenant. --own-queue=false returns them to the queues that
tenants share; no event is lost or doubled by the change. Workers consume a queue that is no longer used
as long as it exists: delete it once rabbitmqctl list_queues shows 0 messages. At most 64 tenants can have or have had one.

Adding the tenant again changes what is given, at once; the rest stays.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct Add {
    /// The tenant.
    name: String,
    /// Keep ended processes and dead letters of the tenant for this time at most, such as 30d.
    #[arg(long, value_name = "TIME", value_parser = keep)]
    keep: Option<Duration>,
    /// Whether it has a queue of its own.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    own_queue: Option<bool>,
}

pub(super) async fn run(add: &Add, sources: &Sources) -> Result<ExitCode, Failure> {
    let tenant = &add.name;
    checked(tenant).map_err(Failure::Usage)?;
    let settings = servers::settings(sources)?;
    let store = servers::store_of(&settings.database, sources)?;
    let tenancy = store.tenancy().await?;
    if add.own_queue == Some(true) {
        room(&tenancy, tenant).map_err(Failure::Usage)?;
    }
    // First: a tenant whose exchanges are missing would be refused by the broker.
    let connection = servers::broker(&settings.broker).await?;
    tenant_exchanges::declare(&connection, tenant).await?;
    // Workers know of the queue before anything is in it.
    let change = store
        .add_tenant(
            tenant,
            TenantSettings {
                keep: add.keep,
                own_queue: add.own_queue,
            },
        )
        .await?;
    let mut queue = store.tenancy().await?.queue_of(tenant);
    let own = queue == TenantQueue::Own;
    if queue != TenantQueue::Shared && !tenant_queue::route(&connection, tenant, own).await? {
        store.forget_tenant_queue(tenant).await?;
        queue = TenantQueue::Shared;
    }
    connection.close().await;
    output::line(&summary(tenant, change, queue))?;
    if settings.tenancy.mode.is_none() && !tenancy.is_used() {
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

fn summary(tenant: &str, change: TenantChange, queue: TenantQueue) -> String {
    let what = match change {
        TenantChange::Added => "added",
        TenantChange::Changed => "changed",
        TenantChange::None => "declared again:",
    };
    let own = tenant_exchanges::own_queue(tenant);
    let events = match queue {
        TenantQueue::Shared => String::new(),
        TenantQueue::Own => format!("; its events go to queue {own}"),
        TenantQueue::Former => {
            format!("; its events go to the shared queues, delete {own} once it has 0 messages")
        }
    };
    format!(
        "{what} tenant {}: producers publish to {}, consumers bind to {}{events}",
        escape::line(tenant),
        tenant_exchanges::events_exchange(tenant),
        tenant_exchanges::completions_exchange(tenant),
    )
}

/// Whether one more tenant can have a queue of its own.
fn room(tenancy: &Tenancy, tenant: &str) -> Result<(), String> {
    let others = tenancy.with_queues().filter(|other| *other != tenant);
    if others.count() < TENANT_QUEUES_MAX {
        return Ok(());
    }
    Err(format!(
        "--own-queue: {TENANT_QUEUES_MAX} tenants have or had a queue of their own, and every worker consumes all of \
         them; add this one without"
    ))
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
