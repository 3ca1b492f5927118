//! Log lines: text on a terminal, JSON elsewhere, always on standard error.

use std::io::{IsTerminal, stderr};
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry, fmt};

/// Libraries that would log parameters and payloads at finer levels than these.
const MASKS: &[(&str, LevelFilter)] = &[
    // It logs every broken connection without a cause; Waybill logs the error with one.
    ("deadpool", LevelFilter::OFF),
    // It logs returned messages with their payload at `warn`; it also returns every error.
    ("lapin", LevelFilter::OFF),
    ("refinery_core", LevelFilter::WARN),
    ("tokio_postgres", LevelFilter::INFO),
];

/// Logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter is malformed.
    #[error("the log filter is malformed")]
    Filter(#[from] ParseError),
    /// Logging was set up before.
    #[error("logging is already set up")]
    Twice(#[from] TryInitError),
}

/// Sends log lines to standard error from now on.
///
/// `filter` is a list such as `info` or `warn,waybill=debug`. `json` forces one format; without it
/// a terminal gets text and everything else gets JSON.
///
/// # Errors
///
/// When the filter is malformed, or logging was set up before.
pub fn install(filter: &str, json: Option<bool>) -> Result<(), LoggingError> {
    let filter = masked(&Targets::from_str(filter)?);
    let terminal = stderr().is_terminal();
    let lines = fmt::layer().with_writer(stderr).with_ansi(terminal);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if json.unwrap_or(!terminal) {
        lines.json().flatten_event(true).boxed()
    } else {
        lines.boxed()
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init()?;
    Ok(())
}

/// The filter, with the levels of verbose libraries limited.
fn masked(filter: &Targets) -> Targets {
    let general = filter.default_level().unwrap_or(LevelFilter::OFF);
    let mut limited = Targets::new().with_default(general);
    for (library, most) in MASKS {
        limited = limited.with_target(*library, general.min(*most));
    }
    for (target, level) in filter.iter() {
        let mask = MASKS
            .iter()
            .find(|(library, _)| target.starts_with(library));
        limited = limited.with_target(target, mask.map_or(level, |(_, most)| level.min(*most)));
    }
    limited
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn libraries_that_log_parameters_are_limited() {
        for requested in [
            "trace",
            "trace,lapin=trace",
            "off,lapin::channel=trace,lapin=debug",
        ] {
            let filter = masked(&Targets::from_str(requested).unwrap());
            assert!(
                !filter.would_enable("lapin::channel", &Level::INFO),
                "{requested}"
            );
            assert!(
                !filter.would_enable("tokio_postgres::query", &Level::DEBUG),
                "{requested}"
            );
        }
    }

    #[test]
    fn a_quiet_filter_stays_quiet() {
        let filter = masked(&Targets::from_str("error,waybill=debug").unwrap());
        assert!(!filter.would_enable("lapin", &Level::WARN));
        assert!(filter.would_enable("waybill::pipeline", &Level::DEBUG));
        assert!(!filter.would_enable("axum", &Level::INFO));
    }
}
