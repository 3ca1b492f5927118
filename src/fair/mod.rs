//! Fair shares: how several parties use one thing without one of them taking it from the others. Parties
//! are tenants, or the addresses of clients.

mod activity;
mod budget;
mod pace;
mod rest;

pub(crate) use self::activity::Activity;
pub(crate) use self::budget::{FairBudget, Permit, Share};
pub(crate) use self::pace::{Pace, Paced};
pub(crate) use self::rest::{Rested, Rests};
