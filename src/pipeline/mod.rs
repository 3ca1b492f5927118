//! From the broker to the database and back: the only place that joins `store` and `broker`.
//!
//! [`consume`] keeps a session with the broker and collects deliveries into batches, one lane per
//! queue; [`authorization`] decides whether their publishers may say what they say. [`batch`] writes
//! them: the transaction around the pure [`batch::decide`], then acknowledges. [`relay`] publishes
//! what was committed, [`janitor`] ends and deletes what is due, [`replay`] publishes dead letters
//! again, [`resend`] completions; [`failpoint`] names the instants of crash tests.

pub mod authorization;
pub mod batch;
pub mod consume;
mod dead_letter;
pub mod failpoint;
pub mod janitor;
mod properties;
pub mod relay;
pub mod replay;
pub mod resend;
mod retry_reason;
