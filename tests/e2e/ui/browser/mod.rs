//! The monitor in a real browser: what users see and do there.
//!
//! Reading order: [`chromium`] (the one Chromium of all tests), [`page`] (a tab of it, in a context
//! of its own), [`activity`] (loads and complaints of a tab), [`input`] (mouse and keys),
//! [`appearance`] (sizes, themes and screenshots), [`axe`] (accessibility), [`scene`] and
//! [`sample_data`] (what the pages show); then the tests.
//!
//! It is a part of the end to end tests because it needs the same servers, which take seconds to
//! start, and the same programs on them.

mod activity;
mod appearance;
mod axe;
mod charts;
mod chromium;
mod dead;
mod docs;
mod every_page;
mod harness;
mod hostile;
mod input;
mod keyboard;
mod list;
mod login;
mod page;
mod plain;
mod process;
mod sample_data;
mod scene;
