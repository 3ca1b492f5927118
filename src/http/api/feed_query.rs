//! The query parameters of the feed.

use crate::domain::access::Access;
use crate::domain::{Kind, ProcessKey};
use crate::http::web::params::whole_number;
use crate::http::web::{HttpProblem, Parameters};
use crate::store::read::feed::{FEED_BYTES_MAX, FEED_EVENTS_MAX, FeedQuery};
use crate::store::read::feed_cursor::FeedCursor;
use crate::wire;

/// Default page size.
const LIMIT: u64 = 100;
pub(super) const NAMES: [&str; 5] = ["after", "limit", "kind", "type", "token"];

/// Where to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// After this cursor.
    Place(FeedCursor),
    /// With the next new event.
    Now,
}

/// Filter, cursor and page size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FeedFilter {
    pub(super) after: Option<After>,
    limit: u64,
    kind: Option<Kind>,
    types: Vec<&'static str>,
    token: Option<String>,
    /// Most bytes of data per page.
    pub(super) bytes_max: i64,
}

impl FeedFilter {
    pub(super) fn read(mut parameters: Parameters) -> Result<Self, HttpProblem> {
        let limit = |text: &str| whole_number(text, 1..=FEED_EVENTS_MAX);
        let filter = Self {
            after: parameters.take("after", after),
            limit: parameters.take("limit", limit).unwrap_or(LIMIT),
            kind: parameters.take("kind", kind),
            types: parameters.take("type", types).unwrap_or_default(),
            token: parameters.take("token", |text| Ok(text.to_owned())),
            bytes_max: FEED_BYTES_MAX,
        };
        parameters.finish(&NAMES)?;
        Ok(filter)
    }

    /// The query to the store, for the caller's tenant only.
    pub(super) fn of<'a>(&'a self, access: &'a Access, after: Option<FeedCursor>) -> FeedQuery<'a> {
        let key = |token: &String| ProcessKey::of(&access.tenant, token);
        FeedQuery {
            after,
            limit: self.limit,
            tenant: Some(&access.tenant),
            kind: self.kind,
            types: &self.types,
            process: self.token.as_ref().map(key),
            bytes_max: self.bytes_max,
        }
    }

    /// The same query string with another cursor.
    pub(super) fn query(&self, after: FeedCursor) -> String {
        let types = self.types.join(",");
        let pairs = [
            Some(("after", after.to_string())),
            Some(("limit", self.limit.to_string())),
            self.kind.map(|kind| ("kind", kind.name().to_owned())),
            Some(("type", types)).filter(|(_, types)| !types.is_empty()),
            self.token.clone().map(|token| ("token", token)),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.into_iter().flatten());
        query.finish()
    }
}

fn after(text: &str) -> Result<After, String> {
    if text == "now" {
        return Ok(After::Now);
    }
    let place = text.parse().map(After::Place);
    place.map_err(|_| "must be a cursor of this feed, or `now`".to_owned())
}

pub(in crate::http) fn kind(text: &str) -> Result<Kind, String> {
    Kind::from_name(text).ok_or_else(|| "must be upload or order".to_owned())
}

fn types(text: &str) -> Result<Vec<&'static str>, String> {
    let known = |name: &str| wire::type_names().find(|known| *known == name);
    let types: Option<Vec<_>> = text.split(',').map(known).collect();
    types.ok_or_else(|| {
        let names: Vec<_> = wire::type_names().collect();
        format!(
            "must be names out of {}, with commas between them",
            names.join(", ")
        )
    })
}
