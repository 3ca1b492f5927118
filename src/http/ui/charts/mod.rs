//! Charts of the last hour, drawn by the server out of what the running programs sample.
//!
//! In reading order: [`page`]; [`latest`] looks at the database for all who watch; [`hour`] makes
//! series out of minutes ([`quantile`]), [`figures`] shows what is so now; [`chart`] draws a series
//! ([`scale`], [`chart`]) and gives its numbers ([`mod@unit`]).

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

pub(super) use self::latest::Latest;
