//! The settings of a run: found in defaults, file, environment and flags, and checked all at once.
//!
//! [`sections`] is the one table of settings; reading them, the report of
//! `waybill config` and the table in `docs/reference` all follow it. Nothing outside this module reads
//! the environment, and nothing in it opens a connection.

mod checks;
mod fault;
mod kind;
mod load;
mod report;
mod sections;
mod sources;
#[cfg(test)]
mod tests;
mod units;
mod values;

pub use self::checks::WRITERS_PER_PARTITION;
pub use self::fault::{Fault, Faults, Origin};
pub use self::kind::Kind;
pub use self::load::{Given, Loaded, load};
pub use self::report::{Effective, settings_table};
pub use self::sections::{
    BatchSettings, BrokerSettings, ClientSettings, DatabaseSettings, DialectSettings,
    FaultSettings, JanitorSettings, LimitSettings, LogSettings, OpsSettings, OutboxSettings,
    ProcessSettings, SETTINGS, Settings, ShutdownSettings, WorkerSettings,
};
pub use self::values::{LogFormat, Unroutable};

pub(crate) use self::fault::nearest;
pub(crate) use self::units::{parse_duration, show_duration};

/// The variable that names the settings file when no flag does.
pub const FILE_VARIABLE: &str = "WAYBILL_CONFIG";

/// What the environment says of object stores, in the names that their own tools use.
#[must_use]
pub fn cloud_credentials() -> Vec<(String, String)> {
    let is_one = |name: &str| CLOUDS.iter().any(|cloud| name.starts_with(cloud));
    std::env::vars().filter(|(name, _)| is_one(name)).collect()
}

const CLOUDS: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// What one setting is called, holds and means.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the file and in a flag: `section.field`.
    pub key: &'static str,
    /// Its name in the environment.
    pub variable: &'static str,
    /// Its value when nobody gives one, or `required`, or `none`.
    pub default: &'static str,
    /// Which values it takes.
    pub kind: Kind,
    /// What it does, in half a sentence.
    pub doc: &'static str,
}

impl Setting {
    /// The section it stands in.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.key.split_once('.').map_or("", |(section, _)| section)
    }

    /// Whether its value may never be shown, and may be given as a file instead.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::SecretUrl(_) | Kind::Secret)
    }

    /// Whether somebody has to give it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.default == "required"
    }

    /// Whether it can be absent.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.default == "none"
    }

    /// Whether it is kept out of the documentation, because only tests need it.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.key.starts_with("fault.")
    }
}
