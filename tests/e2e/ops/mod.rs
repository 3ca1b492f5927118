//! What operators rely on: rights, shutdown, backup and restore.

pub(super) mod broker_rights;
pub(super) mod database_roles;
pub(super) mod restore;
pub(super) mod shutdown;
