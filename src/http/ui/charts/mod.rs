//! Charts of the last hour, drawn by the server from the samples of the running instances.
//!
//! In reading order: [`page`]; [`latest`] polls the database for all viewers; [`hour`] turns
//! minutes into series ([`quantile`]), [`figures`] shows the current state; [`chart`] draws a
//! series ([`scale`], [`chart`]) and lists its numbers ([`mod@unit`]).

mod chart;
mod figures;
mod hour;
mod latest;
pub(super) mod page;
mod quantile;
mod scale;
#[cfg(test)]
mod tests;
mod unit;

pub(super) use self::latest::ChartPolls;
