//! The sources of values: file, environment and flags, merged by precedence.
//!
//! Names are resolved here; values are checked later, so that all faults of all sources are
//! reported at once.

use std::{collections::BTreeMap, ffi::OsString, fs::File, io::Read, path::Path};

use toml::{Table, Value};

use super::fault::{Fault, Origin, nearest};
use super::{FILE_VARIABLE, SETTINGS, Setting};

/// The maximum size of a settings file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The longest name that is compared with the known ones.
const NAME_BYTES_MAX: usize = 100;
const PREFIX: &str = "WAYBILL_";
/// Variables with Waybill's prefix that are not settings.
const OTHER_VARIABLES: &[&str] = &[FILE_VARIABLE, "WAYBILL_REVISION"];
/// Common names that are read too, with lower precedence than Waybill's own.
const ALIASES: &[(&str, &str)] = &[("DATABASE_URL", "database.url"), ("AMQP_URL", "broker.url")];

/// The precedence of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    File,
    Alias,
    Environment,
    Flag,
}

/// A value as found.
#[derive(Debug)]
pub(super) struct FoundValue {
    pub(super) text: String,
    /// Whether the text names a file that contains the value.
    pub(super) is_file: bool,
    pub(super) origin: Origin,
    rank: Rank,
}

/// The value with the highest precedence for each setting, and the faults found so far.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) found: BTreeMap<&'static str, FoundValue>,
    pub(super) faults: Vec<Fault>,
}

impl Sources {
    /// Adds the values of the settings file.
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

    /// Adds the values of the environment.
    pub(super) fn environment(&mut self, variables: Vec<(OsString, OsString)>) {
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            let Some((rank, target)) = variable_target(name) else {
                continue;
            };
            let origin = Origin::Environment(name.to_owned());
            match (target, value.into_string()) {
                (Some(target), Ok(text)) => self.put(target, text, rank, origin),
                (Some((setting, _)), Err(_)) => self
                    .faults
                    .push(Fault::new(setting.key, "is not UTF-8").from(origin)),
                (None, _) => self.unknown(name, origin, SETTINGS.iter().map(|s| s.variable)),
            }
        }
    }

    /// Adds the values of flags, each `key=value`; later ones win.
    pub(super) fn flags(&mut self, overrides: &[String]) {
        for (at, text) in overrides.iter().enumerate() {
            let Some((key, value)) = text.split_once('=') else {
                let fault = Fault::new(format!("override {}", at + 1), "has no `=`");
                self.faults.push(fault.allowed("`key=value`"));
                continue;
            };
            self.add(
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
                Value::String(text) => self.add(&key, text, Rank::File, origin(&key)),
                single => self.add(&key, single.to_string(), Rank::File, origin(&key)),
            }
        }
    }

    fn add(&mut self, key: &str, text: String, rank: Rank, origin: Origin) {
        match resolve(key) {
            Some(target) => self.put(target, text, rank, origin),
            None => self.unknown(key, origin, SETTINGS.iter().map(|s| s.key)),
        }
    }

    /// Keeps a value unless there is one of higher precedence; an empty one counts as not set.
    fn put(&mut self, (setting, is_file): Target, text: String, rank: Rank, origin: Origin) {
        if text.trim().is_empty() {
            return;
        }
        if let Some(old) = self.found.get(setting.key) {
            if old.rank == rank && old.is_file != is_file {
                let fault = Fault::new(setting.key, format!("is also given by {}", old.origin));
                self.faults
                    .push(fault.from(origin).allowed("one of the two"));
                return;
            }
            if old.rank > rank {
                return;
            }
        }
        let found = FoundValue {
            text,
            is_file,
            origin,
            rank,
        };
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

/// Reads a text file up to a limit; on failure returns why.
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

/// A setting, and whether the text that is given for it names a file that contains the value.
type Target = (&'static Setting, bool);

/// The setting of a dotted key.
fn resolve(key: &str) -> Option<Target> {
    let exact = |key: &str| SETTINGS.iter().find(|setting| setting.key == key);
    if let Some(setting) = exact(key) {
        return Some((setting, false));
    }
    let setting = exact(key.strip_suffix("_file")?)?;
    setting.is_secret().then_some((setting, true))
}

/// The setting of a variable: `None` if it is not Waybill's, a rank without setting if unknown.
fn variable_target(name: &str) -> Option<(Rank, Option<Target>)> {
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

/// Whether Kubernetes sets this variable for a service `waybill…` in the same namespace.
fn is_service_link(name: &str) -> bool {
    !name.contains("__")
        && (name.contains("_SERVICE_HOST")
            || name.contains("_SERVICE_PORT")
            || name.contains("_PORT_")
            || name.ends_with("_PORT"))
}

/// Position and message of a syntax error, without the line itself, which may contain a secret.
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
