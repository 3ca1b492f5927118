//! One line of the doctor: how bad it is, what it is about, and how to mend it.

use crate::cli::escape;
use crate::cli::output::Style;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Ok,
    Note,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    level: Level,
    about: &'static str,
    said: String,
    remedy: Option<String>,
}

impl Finding {
    /// As it should be.
    pub(super) fn ok(about: &'static str, said: impl Into<String>) -> Self {
        Self::new(Level::Ok, about, said.into())
    }

    /// Not looked at.
    pub(super) fn note(about: &'static str, said: impl Into<String>) -> Self {
        Self::new(Level::Note, about, said.into())
    }

    /// Works, and deserves a look.
    pub(super) fn warn(about: &'static str, said: impl Into<String>) -> Self {
        Self::new(Level::Warn, about, said.into())
    }

    /// Does not work.
    pub(super) fn fail(about: &'static str, said: impl Into<String>) -> Self {
        Self::new(Level::Fail, about, said.into())
    }

    /// With what can be done.
    pub(super) fn mend(mut self, remedy: impl Into<Option<String>>) -> Self {
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
            Level::Warn => style.odd("warn"),
            Level::Fail => style.bad("FAIL"),
        };
        let mut text = format!("{level}  {:<9} {}", self.about, escape::line(&self.said));
        if let Some(remedy) = &self.remedy {
            text.push_str(&format!("\n      {:<9} {}", "", escape::line(remedy)));
        }
        text
    }

    fn new(level: Level, about: &'static str, said: String) -> Self {
        Self {
            level,
            about,
            said,
            remedy: None,
        }
    }
}
