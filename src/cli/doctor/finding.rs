//! One finding of the doctor: its level, its subject, and the remedy.

use crate::cli::escape;
use crate::cli::output::Style;

/// The severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Ok,
    Note,
    Warn,
    Fail,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    level: Level,
    about: &'static str,
    message: String,
    remedy: Option<String>,
}

impl Finding {
    /// Works as it should.
    pub(super) fn ok(about: &'static str, message: impl Into<String>) -> Self {
        Self::new(Level::Ok, about, message.into())
    }

    /// Was not checked.
    pub(super) fn note(about: &'static str, message: impl Into<String>) -> Self {
        Self::new(Level::Note, about, message.into())
    }

    /// Works, but needs attention.
    pub(super) fn warn(about: &'static str, message: impl Into<String>) -> Self {
        Self::new(Level::Warn, about, message.into())
    }

    /// Does not work.
    pub(super) fn fail(about: &'static str, message: impl Into<String>) -> Self {
        Self::new(Level::Fail, about, message.into())
    }

    /// Adds the remedy.
    pub(super) fn remedy(mut self, remedy: impl Into<Option<String>>) -> Self {
        self.remedy = remedy.into();
        self
    }

    pub(super) fn is_fail(&self) -> bool {
        self.level == Level::Fail
    }

    pub(super) fn render(&self, style: Style) -> String {
        let level = match self.level {
            Level::Ok => style.good("ok  "),
            Level::Note => "note".to_owned(),
            Level::Warn => style.warning("warn"),
            Level::Fail => style.bad("FAIL"),
        };
        let mut text = format!("{level}  {:<9} {}", self.about, escape::line(&self.message));
        if let Some(remedy) = &self.remedy {
            text.push_str(&format!("\n      {:<9} {}", "", escape::line(remedy)));
        }
        text
    }

    fn new(level: Level, about: &'static str, message: String) -> Self {
        Self {
            level,
            about,
            message,
            remedy: None,
        }
    }
}
