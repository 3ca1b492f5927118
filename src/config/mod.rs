//! The settings of a run: read from defaults, file, environment and flags, and all checked.
//!
//! [`sections`] is the only table of settings; parsing, the report of `waybill config` and the
//! table in `docs/reference` all follow it. Nothing outside this module reads the environment, and
//! nothing in it opens a connection.

mod checks;
mod fault;
mod kind;
mod listeners;
mod load;
mod networks;
mod report;
mod sections;
mod sources;
#[cfg(test)]
mod tests;
mod units;
mod values;

pub use self::checks::{WRITERS_PER_PARTITION, tenant_writers};
pub use self::fault::{Fault, Faults, Origin};
pub use self::kind::Kind;
pub use self::load::{Given, Loaded, load};
pub use self::networks::Networks;
pub use self::report::{Effective, settings_table};
pub use self::sections::{
    BatchSettings, BrokerSettings, ClientSettings, DatabaseSettings, DialectSettings,
    FaultSettings, JanitorSettings, LimitSettings, LogSettings, OpsSettings, OutboxSettings,
    ProcessSettings, SETTINGS, Settings, ShutdownSettings, TenancySettings, WorkerSettings,
};
pub use self::values::{ForwardedHeader, LogFormat, TenancyMode, Unroutable};

pub(crate) use self::fault::nearest;
pub(crate) use self::kind::quoted;
pub(crate) use self::units::{parse_bytes, parse_duration, show_bytes, show_duration};

/// The variable that names the settings file if no flag does.
pub const FILE_VARIABLE: &str = "WAYBILL_CONFIG";

/// The environment's variables for object stores, with the names that their own tools use.
#[must_use]
pub fn cloud_credentials() -> Vec<(String, String)> {
    let is_one = |name: &str| CLOUDS.iter().any(|cloud| name.starts_with(cloud));
    std::env::vars().filter(|(name, _)| is_one(name)).collect()
}

const CLOUDS: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// One setting: its names, default, kind and meaning.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the file and in a flag: `section.field`.
    pub key: &'static str,
    /// Its name in the environment.
    pub variable: &'static str,
    /// Its value if no source sets it, or `required`, or `none`.
    pub default: &'static str,
    /// Which values it accepts.
    pub kind: Kind,
    /// What it does, in half a sentence.
    pub doc: &'static str,
}

impl Setting {
    /// Its section.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.key.split_once('.').map_or("", |(section, _)| section)
    }

    /// Whether its value is never shown, and may be read from a file instead.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::SecretUrl(_) | Kind::Secret)
    }

    /// Whether it is required.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.default == "required"
    }

    /// Whether it can be absent.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.default == "none"
    }

    /// Whether it is omitted from the documentation, because only tests need it.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.key.starts_with("fault.")
    }
}
