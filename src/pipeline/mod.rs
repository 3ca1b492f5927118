//! From the broker to the database and back: the only place that joins `store` and `broker`.
//!
//! [`worker`] keeps a [`session`] with the broker; in it one [`lane`] per queue takes deliveries
//! ([`intake`]), holds them decoded ([`held`]) in batches ([`batch`]) and hands the shares of each
//! ([`outlet`]) to a [`writer`], which runs the transaction around the pure [`decide`]. [`relay`]
//! publishes what was committed, [`janitor`] ends and forgets what is due, [`replay`] publishes dead
//! letters once more, [`resend`] completions, [`pulse`] watches that all of it is alive.

mod acceptance;
pub mod batch;
pub mod decide;
pub mod effects;
pub mod fault;
mod held;
pub mod identity;
mod intake;
pub mod janitor;
mod lane;
mod letter;
pub mod merging;
pub mod orders;
pub mod outcome;
mod outlet;
mod part;
mod properties;
pub mod pulse;
pub mod record;
pub mod relay;
pub mod replay;
mod report;
pub mod resend;
mod session;
mod transaction;
pub mod unique;
mod window;
pub mod worker;
pub mod writer;
