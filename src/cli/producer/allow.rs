//! `waybill producer allow`: lets a broker user publish to the shared exchange for a tenant.

use std::process::ExitCode;

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, name, output, servers};
use crate::domain::tenancy::{ANY, ProducerRule, matches};
use crate::wire;

/// Allow a broker user to publish to the exchange waybill.events for tenants.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  waybill producer allow scanner --tenant acme
  waybill producer allow shop --tenant acme --source 'shop/*' --type 'order.*'
  waybill producer allow gateway --tenant '*'

The user is the one in the property user_id of its messages; RabbitMQ refuses a message that names
another user than its connection's, so the producer has to set it, and no other can. A second
rule for the same user and tenant replaces the first. Workers follow within 5 s.

As soon as there is a rule or a tenant with exchanges of its own, events without a right to their
tenant become dead letters with the reason not_allowed; with tenancy.mode = observe they are only
counted.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings.")]
pub(super) struct Allow {
    /// The broker user.
    user: String,
    /// A tenant it may publish for, or * for every one; repeatable.
    #[arg(long, required = true)]
    tenant: Vec<String>,
    /// A source it may name; * at the end matches anything; repeatable.
    #[arg(long, default_value = ANY)]
    source: Vec<String>,
    /// A type of event it may publish, such as upload.step or order.*; repeatable.
    #[arg(long = "type", value_name = "TYPE", default_value = ANY)]
    types: Vec<String>,
}

pub(super) async fn run(allow: Allow, sources: &Sources) -> Result<ExitCode, Failure> {
    checked(&allow).map_err(Failure::Usage)?;
    let store = servers::store(sources)?;
    let Allow {
        user,
        tenant: tenants,
        source,
        types,
    } = allow;
    for tenant in tenants {
        let rule = ProducerRule {
            user: user.clone(),
            tenant,
            sources: source.clone(),
            types: types.clone(),
        };
        store.allow_producer(&rule).await?;
        output::line(&format!("allowed {}", line(&rule)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A rule in words.
pub(super) fn line(rule: &ProducerRule) -> String {
    let listed = |all: &[String]| escape::line(&all.join(",")).into_owned();
    format!(
        "user {}: tenant {}, sources {}, types {}",
        escape::line(&rule.user),
        escape::line(&rule.tenant),
        listed(&rule.sources),
        listed(&rule.types)
    )
}

fn checked(allow: &Allow) -> Result<(), String> {
    name::checked("USER", &allow.user)?;
    for tenant in &allow.tenant {
        name::checked("--tenant", tenant)?;
    }
    for source in &allow.source {
        name::checked("--source", source)?;
    }
    let unknown = |pattern: &&String| !wire::type_names().any(|name| matches(pattern, name));
    match allow.types.iter().find(unknown) {
        Some(pattern) => Err(format!(
            "--type: {} is no event type; names look like upload.received or order.*",
            escape::line(pattern)
        )),
        None => Ok(()),
    }
}
