//! The parameters of a replay, as forms send them.

use serde::Deserialize;

use crate::http::web::{HttpProblem, Parameters, list_query, params};
use crate::store::admin::replay::RATE_MAX;
use crate::store::write::dead_letter::DeadLetterSelection;

const NAMES: [&str; 4] = ["letter", "reason", "all", "rate"];
const ONE: &str = "give one of letter, reason and all";

/// The fields of the form; those not filled in are empty. An unknown field is refused: a misspelt
/// `dry_run` must not publish.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::http) struct ReplayForm {
    #[serde(rename = "letter")]
    dead_letter: String,
    reason: String,
    all: String,
    rate: String,
    dry_run: String,
}

/// Which dead letters to replay, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReplayQuery {
    pub(super) dead_letters: DeadLetterSelection,
    pub(super) rate: Option<u32>,
    pub(super) dry_run: bool,
}

impl ReplayForm {
    /// The fields from the parameters of the confirmation.
    pub(super) fn of(mut parameters: Parameters) -> Result<Self, HttpProblem> {
        let mut take = |name: &str| parameters.take(name, |text| Ok(text.to_owned()));
        let fields = Self {
            dead_letter: take("letter").unwrap_or_default(),
            reason: take("reason").unwrap_or_default(),
            all: take("all").unwrap_or_default(),
            rate: take("rate").unwrap_or_default(),
            ..Self::default()
        };
        parameters.finish(&NAMES)?;
        Ok(fields)
    }

    /// Checks the fields; the error reports all problems at once.
    pub(super) fn read(&self) -> Result<ReplayQuery, HttpProblem> {
        let mut faults = Vec::new();
        // A blank field is not given: otherwise it would select all dead letters.
        let given = [&self.dead_letter, &self.reason, &self.all].map(|text| given_text(text));
        if given.iter().flatten().count() != 1 {
            faults.push(ONE.to_owned());
        }
        let dead_letter = checked(&mut faults, ("letter", &self.dead_letter), params::id);
        let reason = checked(&mut faults, ("reason", &self.reason), list_query::name);
        let rate = checked(&mut faults, ("rate", &self.rate), rate);
        if !faults.is_empty() {
            return Err(HttpProblem::parameters(faults));
        }
        Ok(ReplayQuery {
            dead_letters: DeadLetterSelection {
                tenant: None,
                dead_letter,
                reason,
            },
            rate,
            dry_run: !self.dry_run.is_empty(),
        })
    }
}

/// The value of a field, if it is given and has no fault.
fn checked<T>(
    faults: &mut Vec<String>,
    (name, text): (&str, &str),
    read: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let read = given_text(text).map(read)?;
    read.map_err(|fault| faults.push(format!("{name} {fault}")))
        .ok()
}

fn given_text(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

fn rate(text: &str) -> Result<u32, String> {
    let rate = text.parse().ok();
    rate.filter(|rate| (1..=RATE_MAX).contains(rate))
        .ok_or_else(|| format!("must be a number from 1 to {RATE_MAX}, or empty"))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn fields(given: [&str; 4]) -> Result<ReplayQuery, HttpProblem> {
        let [dead_letter, reason, all, rate] = given.map(str::to_owned);
        let fields = ReplayForm {
            dead_letter,
            reason,
            all,
            rate,
            ..ReplayForm::default()
        };
        fields.read()
    }

    #[test]
    fn exactly_one_selection_and_a_valid_rate_are_required() {
        let id = Uuid::from_u128(7);
        let one = fields([&id.to_string(), "", "", ""]).unwrap();
        assert_eq!((one.dead_letters.dead_letter, one.rate), (Some(id), None));
        let group = fields(["", "too_deep", "", " 20 "]).unwrap();
        assert_eq!(group.dead_letters.reason.as_deref(), Some("too_deep"));
        assert_eq!(group.rate, Some(20));
        let all = fields(["", "", "yes", ""]).unwrap();
        assert_eq!(all.dead_letters, DeadLetterSelection::default());
        for wrong in [
            ["", "", "", ""],
            ["", "too_deep", "yes", ""],
            ["7", "", "", ""],
            [" ", "", "", ""],
            ["", "\t", "", ""],
            ["", "", " ", ""],
            ["", "", "yes", "0"],
            ["", "", "yes", "10001"],
            ["", "", "yes", "fast"],
        ] {
            assert!(fields(wrong).is_err(), "{wrong:?}");
        }
    }
}
