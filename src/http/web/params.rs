//! Query parameters: each known name once, all faults reported at once.

use std::ops::RangeInclusive;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use uuid::Uuid;

use super::problem::HttpProblem;

const WRONG_ID: &str = "must be a UUID";

/// The query parameters that have not been read yet.
#[derive(Debug, Default)]
pub(in crate::http) struct Parameters {
    left: Vec<(String, String)>,
    faults: Vec<String>,
}

impl Parameters {
    /// Reads an optional parameter.
    pub(in crate::http) fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let mut values = self.left.extract_if(.., |(given, _)| given == name);
        let value = values.next()?.1;
        if values.count() > 0 {
            self.faults.push(format!("{name} must be given once"));
        }
        match read(&value) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.faults.push(format!("{name} {fault}"));
                None
            }
        }
    }

    /// Reads the parameter `id`, the only one.
    pub(in crate::http) fn id(mut self) -> Result<Uuid, HttpProblem> {
        let id = self.take("id", id);
        self.finish(&["id"])?;
        id.ok_or_else(|| HttpProblem::parameters(vec![format!("id {WRONG_ID}")]))
    }

    /// Drops parameters without a value, as HTML forms send them for empty fields.
    pub(in crate::http) fn drop_empty(&mut self) {
        self.left.retain(|(_, value)| !value.is_empty());
    }

    /// All parameters but `name`, for the link to the next page.
    pub(in crate::http) fn without(&self, name: &str) -> Vec<(String, String)> {
        let others = self.left.iter().filter(|(given, _)| given != name);
        others.cloned().collect()
    }

    /// Reports all faults, and ignores unknown parameters, as other systems do.
    pub(in crate::http) fn finish_leniently(mut self) -> Result<(), HttpProblem> {
        self.left.clear();
        self.finish(&[])
    }

    /// Reports all faults; a parameter that was not read is unknown, `known` are the valid ones.
    pub(in crate::http) fn finish(mut self, known: &[&str]) -> Result<(), HttpProblem> {
        if !self.left.is_empty() {
            let known = known.join(", ");
            self.faults
                .push(format!("an unknown parameter is given; there are {known}"));
        }
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(HttpProblem::parameters(self.faults))
    }
}

/// An id.
pub(in crate::http) fn id(text: &str) -> Result<Uuid, String> {
    Uuid::try_parse(text).map_err(|_| WRONG_ID.to_owned())
}

/// A whole number within these bounds.
pub(in crate::http) fn whole_number(
    text: &str,
    bounds: RangeInclusive<u64>,
) -> Result<u64, String> {
    let (min, max) = (bounds.start(), bounds.end());
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    number.ok_or_else(|| format!("must be a whole number from {min} to {max}"))
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = HttpProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, HttpProblem> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Query(left) = query.map_err(|_| {
            let fault = "the query must be name=value pairs in UTF-8, percent-encoded";
            HttpProblem::parameters(vec![fault.to_owned()])
        })?;
        Ok(Self {
            left,
            faults: Vec::new(),
        })
    }
}
