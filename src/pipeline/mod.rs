//! From the broker to the database and back: the only place that joins `store` and `broker`.
//!
//! [`self::consume::worker`] keeps a [`self::consume::session`] with the broker; in it one [`self::consume::lane`] per queue takes deliveries
//! ([`self::consume::intake`]), holds them decoded ([`self::consume::delivery`]) in batches ([`batch`]) and hands the shares of each
//! ([`self::batch::dispatch`]) to a [`self::batch::writer`], which runs the transaction around the pure [`self::batch::decide`]. [`relay`]
//! publishes what was committed, [`janitor`] ends and forgets what is due, [`replay`] publishes dead
//! letters once more, [`resend`] completions, [`self::consume::watchdog`] watches that all of it is alive.

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
