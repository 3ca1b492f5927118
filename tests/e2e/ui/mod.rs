//! The monitor pages, as a client of HTTP and in a real browser.

pub(super) mod audit;
pub(super) mod browser;
pub(super) mod charts;
pub(super) mod dead_letters;
pub(super) mod live;
pub(super) mod odd_replays;
pub(super) mod pages;
pub(super) mod process;
pub(super) mod replays;
pub(super) mod resend;
pub(super) mod sessions;
