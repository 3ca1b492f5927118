//! Loading: merges all sources, checks every value, reports every fault.

use std::{ffi::OsString, path::Path, path::PathBuf};

use super::fault::{Fault, Faults, Origin};
use super::report::Effective;
use super::sources::{FoundValue, Sources, read_text};
use super::values::{Value, Values};
use super::{
    BrokerSettings, ClientSettings, DatabaseSettings, FILE_VARIABLE, LimitSettings, SETTINGS,
    Setting, Settings, checks,
};

/// The maximum size of a file with a secret.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// Settings that have passed every check, and the origin of each.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Every setting as `waybill config` shows it.
    pub effective: Vec<Effective>,
}

/// Loads the settings from their defaults, a file, the environment and flags, weakest first.
///
/// The environment is a parameter: [`std::env::vars_os`] in a run, pairs of texts in a test. The
/// file is the flag's, or else the one that [`FILE_VARIABLE`] names. Each override is `key=value`.
/// An empty value counts as not set.
///
/// # Errors
///
/// All faults of all sources; none of them repeats a secret.
pub fn load<K: Into<OsString>, V: Into<OsString>>(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (K, V)>,
    overrides: &[String],
) -> Result<Loaded, Faults> {
    Given::gather(file, environment, overrides).all()
}

/// The values of all sources, for commands that need only some sections: required settings of other
/// sections may be missing, but no value may be invalid.
pub struct Given(Sources);

impl Given {
    /// Reads the values of all sources; see [`load`].
    pub fn gather<K: Into<OsString>, V: Into<OsString>>(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (K, V)>,
        overrides: &[String],
    ) -> Self {
        let environment: Vec<(OsString, OsString)> = environment
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let mut sources = Sources::default();
        if let Some(path) = file
            .map(Path::to_owned)
            .or_else(|| named_file(&environment))
        {
            sources.file(&path);
        }
        sources.environment(environment);
        sources.flags(overrides);
        Self(sources)
    }

    /// All settings, for a run.
    ///
    /// # Errors
    ///
    /// All faults of all sources.
    pub fn all(self) -> Result<Loaded, Faults> {
        let (values, effective) = check(self.0, &["database", "broker"])?;
        let settings = Settings::read(&values)?;
        Ok(Loaded {
            settings,
            effective,
        })
    }

    /// Only the settings of the database.
    ///
    /// # Errors
    ///
    /// All faults of all sources.
    pub fn database(self) -> Result<DatabaseSettings, Faults> {
        let (values, _) = check(self.0, &["database"])?;
        Ok(DatabaseSettings::read(&values)?)
    }

    /// The settings of the broker, and the limits of a message.
    ///
    /// # Errors
    ///
    /// All faults of all sources.
    pub fn broker(self) -> Result<(BrokerSettings, LimitSettings), Faults> {
        let (values, _) = check(self.0, &["broker"])?;
        Ok((
            BrokerSettings::read(&values)?,
            LimitSettings::read(&values)?,
        ))
    }

    /// Whether commands use a server over HTTP.
    #[must_use]
    pub fn has_client(&self) -> bool {
        self.0.found.contains_key("client.url")
    }

    /// The settings of the HTTP client, and the limits of an event.
    ///
    /// # Errors
    ///
    /// All faults of all sources.
    pub fn client(self) -> Result<(ClientSettings, LimitSettings), Faults> {
        let (values, _) = check(self.0, &[])?;
        Ok((
            ClientSettings::read(&values)?,
            LimitSettings::read(&values)?,
        ))
    }
}

fn named_file(environment: &[(OsString, OsString)]) -> Option<PathBuf> {
    environment
        .iter()
        .find(|(name, value)| name == FILE_VARIABLE && !value.is_empty())
        .map(|(_, value)| PathBuf::from(value))
}

/// Checks every value; a missing one is a fault only in the needed sections.
fn check(sources: Sources, needed: &[&str]) -> Result<(Values, Vec<Effective>), Faults> {
    let Sources { found, mut faults } = sources;
    let mut values = Values::default();
    let mut effective = Vec::new();
    for setting in SETTINGS {
        let given = found.get(setting.key);
        if given.is_none() && setting.is_required() && !needed.contains(&setting.section()) {
            continue;
        }
        match value_of(setting, given) {
            Ok(value) => {
                if given.is_some() || !setting.is_hidden() {
                    effective.push(Effective::new(setting, given));
                }
                values.0.insert(setting.key, value);
            }
            Err(fault) => faults.push(fault),
        }
    }
    faults.extend(checks::between(&values, &found));
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    Ok((values, effective))
}

fn value_of(setting: &'static Setting, given: Option<&FoundValue>) -> Result<Value, Fault> {
    let Some(found) = given else {
        return default_of(setting);
    };
    let fault = |problem: String| {
        Fault::new(setting.key, problem)
            .from(found.origin.clone())
            .allowed(setting.kind.allowed())
    };
    if found.is_file {
        let path = found.text.trim();
        let text = read_text(Path::new(path), SECRET_BYTES_MAX)
            .map_err(|problem| fault(format!("the file `{path}` {problem}")))?;
        setting
            .kind
            .parse(text.trim_end_matches(['\r', '\n']))
            .map_err(fault)
    } else {
        setting.kind.parse(found.text.trim()).map_err(fault)
    }
}

fn default_of(setting: &Setting) -> Result<Value, Fault> {
    if setting.is_required() {
        let ways = format!(
            "set {0}, or {0}_FILE for a file that contains it",
            setting.variable
        );
        return Err(
            Fault::new(setting.key, format!("is required: {ways}")).allowed(setting.kind.allowed())
        );
    }
    if setting.is_optional() {
        return Ok(Value::Absent);
    }
    setting
        .kind
        .parse(setting.default)
        .map_err(|problem| Fault::new(setting.key, problem).from(Origin::Default))
}
