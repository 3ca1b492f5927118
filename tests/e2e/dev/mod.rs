//! `waybill dev` and the private servers that it and these tests use.

mod command;
mod processes;
mod servers;
mod servers_end;
