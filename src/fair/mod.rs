//! Fair shares: how several parties use one thing without one of them taking it from the others. Parties
//! are tenants, or the addresses of clients.

mod budget;

pub(crate) use self::budget::{FairBudget, Permit, Share};
