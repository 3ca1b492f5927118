//! The commands.
pub mod demo;
pub mod dev;
pub mod output;
