//! The progress of a publish: a bar on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::failure::Failure;
use crate::cli::output;

const BAR: &str = "{bar:30} {bytes}/{total_bytes}  {msg}";
const SPINNER: &str = "{spinner} {bytes}  {msg}";

/// The progress bar, and output that does not interfere with it.
pub(super) struct PublishProgress {
    bar: ProgressBar,
    /// The number of reported faults.
    pub(super) reported: u64,
}

impl PublishProgress {
    /// For an input of this length, if known. Draws on the standard error, and only on a terminal.
    pub(super) fn new(bytes: Option<u64>) -> Self {
        let (bar, template) = match bytes {
            Some(bytes) => (ProgressBar::new(bytes), BAR),
            None => (ProgressBar::new_spinner(), SPINNER),
        };
        let style = ProgressStyle::with_template(template);
        Self {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            reported: 0,
        }
    }

    /// Advances the bar by these bytes.
    pub(super) fn advance(&self, bytes: u64, confirmed: u64) {
        self.bar.inc(bytes);
        self.bar.set_message(format!("{confirmed} confirmed"));
    }

    /// Writes a line to the standard error.
    pub(super) fn remark(&self, text: &str) -> Result<(), Failure> {
        Ok(self.bar.suspend(|| output::remark(text))?)
    }

    /// Writes a line to the standard output.
    pub(super) fn answer(&self, text: &str) -> Result<(), Failure> {
        Ok(self.bar.suspend(|| output::line(text))?)
    }

    /// Removes the bar.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
