//! Where values come from: file, environment and flags, laid over each other, weakest first.
//!
//! Names are resolved here; whether a value is any good is decided later, so that all faults of
//! all sources are found in one go.

use std::{collections::BTreeMap, ffi::OsString, fs::File, io::Read, path::Path};

use toml::{Table, Value};

use super::fault::{Fault, Origin, nearest};
use super::{FILE_VARIABLE, SETTINGS, Setting};

/// The longest settings file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The longest name that is compared with the known ones.
const NAME_BYTES_MAX: usize = 100;
const PREFIX: &str = "WAYBILL_";
/// Variables of the environment with our prefix that are no settings.
const OTHER_VARIABLES: &[&str] = &[FILE_VARIABLE, "WAYBILL_REVISION"];
/// Names from elsewhere that are honoured, but give way to our own.
const ALIASES: &[(&str, &str)] = &[("DATABASE_URL", "database.url"), ("AMQP_URL", "broker.url")];

/// How strong a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    File,
    Alias,
    Environment,
    Flag,
}

/// A value as it was found.
#[derive(Debug)]
pub(super) struct FoundValue {
    pub(super) text: String,
    /// Whether the text names a file that holds the value.
    pub(super) is_file: bool,
    pub(super) origin: Origin,
    rank: Rank,
}

/// The strongest value found for each setting, and the faults on the way there.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) found: BTreeMap<&'static str, FoundValue>,
    pub(super) faults: Vec<Fault>,
}

impl Sources {
    /// Takes what the settings file says.
    pub(super) fn file(&mut self, path: &Path) {
        let origin = |key: &str| Origin::File(path.to_owned(), key.to_owned());
        let parsed = read_text(path, FILE_BYTES_MAX)
            .and_then(|text| text.parse::<Table>().map_err(|error| syntax(&error)));
        match parsed {
            Ok(table) => self.table("", table, &origin),
            Err(problem) => {
                let fault = Fault::new(path.display().to_string(), problem);
                self.faults.push(fault.allowed("a readable TOML file"));
            }
        }
    }

    /// Takes what the environment says.
    pub(super) fn environment(&mut self, variables: Vec<(OsString, OsString)>) {
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            let Some((rank, target)) = variable_target(name) else {
                continue;
            };
            let origin = Origin::Environment(name.to_owned());
            match (target, value.into_string()) {
                (Some((setting, is_file)), Ok(text)) => {
                    self.put(
                        setting,
                        FoundValue {
                            text,
                            is_file,
                            origin,
                            rank,
                        },
                    );
                }
                (Some((setting, _)), Err(_)) => self
                    .faults
                    .push(Fault::new(setting.key, "is not UTF-8").from(origin)),
                (None, _) => self.unknown(name, origin, SETTINGS.iter().map(|s| s.variable)),
            }
        }
    }

    /// Takes what flags say, each `key=value`; later ones win.
    pub(super) fn flags(&mut self, overrides: &[String]) {
        for (at, text) in overrides.iter().enumerate() {
            let Some((key, value)) = text.split_once('=') else {
                let fault = Fault::new(format!("override {}", at + 1), "has no `=`");
                self.faults.push(fault.allowed("`key=value`"));
                continue;
            };
            self.take(
                key.trim(),
                value.to_owned(),
                Rank::Flag,
                Origin::Flag(key.trim().to_owned()),
            );
        }
    }

    fn table(&mut self, above: &str, table: Table, origin: &dyn Fn(&str) -> Origin) {
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, value) in entries {
            let key = if above.is_empty() {
                name
            } else {
                format!("{above}.{name}")
            };
            match value {
                Value::Table(inner) if resolve(&key).is_none() => {
                    self.table(&key, inner, origin);
                }
                Value::Table(_) | Value::Array(_) if resolve(&key).is_some() => {
                    let fault = Fault::new(&key, "is not a single value");
                    self.faults.push(fault.from(origin(&key)));
                }
                Value::String(text) => self.take(&key, text, Rank::File, origin(&key)),
                single => self.take(&key, single.to_string(), Rank::File, origin(&key)),
            }
        }
    }

    fn take(&mut self, key: &str, text: String, rank: Rank, origin: Origin) {
        match resolve(key) {
            Some((setting, is_file)) => {
                self.put(
                    setting,
                    FoundValue {
                        text,
                        is_file,
                        origin,
                        rank,
                    },
                );
            }
            None => self.unknown(key, origin, SETTINGS.iter().map(|s| s.key)),
        }
    }

    /// Keeps a value unless a stronger one is there; an empty one counts as not given.
    fn put(&mut self, setting: &'static Setting, found: FoundValue) {
        if found.text.trim().is_empty() {
            return;
        }
        if let Some(old) = self.found.get(setting.key) {
            if old.rank == found.rank && old.is_file != found.is_file {
                let fault = Fault::new(setting.key, format!("is also given by {}", old.origin));
                self.faults
                    .push(fault.from(found.origin).allowed("one of the two"));
                return;
            }
            if old.rank > found.rank {
                return;
            }
        }
        self.found.insert(setting.key, found);
    }

    fn unknown<'a>(&mut self, name: &str, origin: Origin, known: impl Iterator<Item = &'a str>) {
        let near = if name.len() <= NAME_BYTES_MAX {
            nearest(name, known)
        } else {
            None
        };
        let problem = match near {
            Some(near) => format!("is not a setting; did you mean `{near}`?"),
            None => "is not a setting".to_owned(),
        };
        self.faults.push(Fault::new(name, problem).from(origin));
    }
}

/// Reads a text file up to a limit; on failure says why.
pub(super) fn read_text(path: &Path, bytes_max: u64) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {}", error.kind());
    let mut text = String::new();
    let file = File::open(path).map_err(cannot)?;
    file.take(bytes_max + 1)
        .read_to_string(&mut text)
        .map_err(cannot)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > bytes_max {
        return Err(format!("is longer than {bytes_max} bytes"));
    }
    Ok(text)
}

/// The setting that a dotted key means, and whether it names a file that holds the value.
fn resolve(key: &str) -> Option<(&'static Setting, bool)> {
    let exact = |key: &str| SETTINGS.iter().find(|setting| setting.key == key);
    if let Some(setting) = exact(key) {
        return Some((setting, false));
    }
    let setting = exact(key.strip_suffix("_file")?)?;
    setting.is_secret().then_some((setting, true))
}

/// What a variable is to us: `None` when it is not ours, a rank without setting when it is unknown.
fn variable_target(name: &str) -> Option<(Rank, Option<(&'static Setting, bool)>)> {
    for (alias, key) in ALIASES {
        if name == *alias || name.strip_suffix("_FILE") == Some(alias) {
            let (setting, _) = resolve(key)?;
            return Some((Rank::Alias, Some((setting, name != *alias))));
        }
    }
    if !name.starts_with(PREFIX) || OTHER_VARIABLES.contains(&name) || is_service_link(name) {
        return None;
    }
    let target = SETTINGS.iter().find_map(|setting| {
        let rest = name.strip_prefix(setting.variable)?;
        match rest {
            "" => Some((setting, false)),
            "_FILE" if setting.is_secret() => Some((setting, true)),
            _ => None,
        }
    });
    Some((Rank::Environment, target))
}

/// Whether Kubernetes sets this variable by itself in the neighbourhood of a service `waybill…`.
fn is_service_link(name: &str) -> bool {
    !name.contains("__")
        && (name.contains("_SERVICE_HOST")
            || name.contains("_SERVICE_PORT")
            || name.contains("_PORT_")
            || name.ends_with("_PORT"))
}

/// Place and message of a syntax error, without the line itself: it could hold a secret.
fn syntax(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("TOML parse error");
    match lines.next_back() {
        Some(last) => format!(
            "{}: {last}",
            first.replace("TOML parse error", "is not TOML")
        ),
        None => format!("is not TOML: {first}"),
    }
}
