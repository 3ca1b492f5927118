//! What operators and the janitor do: keys, tenants, workflows, replays, retention, migrations.

pub mod api_key;
pub mod audit;
pub mod deletion;
pub mod erasure;
pub mod fitness;
pub mod inspect;
pub(super) mod key_text;
pub mod migrate;
pub mod quarantine;
pub mod quota;
pub mod replay;
pub mod replay_claim;
pub mod resend;
pub mod retention;
pub mod rights;
pub mod samples;
pub mod session;
pub mod tenancy;
pub mod undeliverable;
pub mod workflow;
