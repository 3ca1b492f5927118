//! The monitor in a real browser: what people see of Waybill, and what they do there.
//!
//! Reading order: [`chromium`] (the one Chromium of all tests), [`page`] (a tab of it, in a context of
//! its own), [`seen`] (what a page must not do), [`hands`] (mouse and keys), [`looks`] (widths, themes
//! and pictures), [`axe`] (accessibility), [`scene`] and
//! [`lively`] (what is looked at); then the tests.
//!
//! It is a part of the end to end tests because it needs the same servers, which take seconds to
//! start, and the same programs on them.

mod axe;
mod charts;
mod chromium;
mod dead;
mod docs;
mod every_page;
mod hands;
mod harness;
mod hostile;
mod keyboard;
mod list;
mod lively;
mod login;
mod looks;
mod page;
mod plain;
mod process;
mod scene;
mod seen;
