//! The store on real databases: connections, sessions, migrations, the change feed, and lists.

mod connections;
mod feed;
mod list;
mod migrations;
mod server;
mod sessions;
