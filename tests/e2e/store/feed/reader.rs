//! A client that follows the feed with its cursor and records the events.

use proptest::prelude::*;
use waybill::domain::ProcessKey;
use waybill::store::Store;
use waybill::store::read::feed::{Feed, FeedQuery};
use waybill::store::read::feed_cursor::FeedCursor;

use crate::store::feed::ground::{PROCESSES, PROGRESS, STEP};

/// The events that a reader selects.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    limit: u64,
    /// The tenant or kind of this process.
    tenant: Option<usize>,
    kind: Option<usize>,
    process: Option<usize>,
    types: Vec<&'static str>,
    /// Begins at the end of the feed.
    from_end: bool,
}

impl Selection {
    pub(crate) fn everything(limit: u64) -> Self {
        Self {
            limit,
            tenant: None,
            kind: None,
            process: None,
            types: Vec::new(),
            from_end: false,
        }
    }

    pub(crate) fn of_tenant(process: usize, limit: u64) -> Self {
        Self {
            tenant: Some(process),
            ..Self::everything(limit)
        }
    }

    /// Whether the event of that id, as [`crate::store::feed::ground::log`] names it, matches.
    fn matches(&self, id: &str) -> bool {
        let mut parts = id.split('/');
        let mut part = || parts.next().unwrap();
        let (tenant, token, type_name) = (part(), part(), part());
        let of = |one: &(&str, &str, _)| (one.0, one.1) == (tenant, token);
        let kind = PROCESSES.iter().find(|one| of(one)).unwrap().2;
        self.tenant.is_none_or(|one| PROCESSES[one].0 == tenant)
            && self.kind.is_none_or(|one| PROCESSES[one].2 == kind)
            && self.process.is_none_or(|one| of(&PROCESSES[one]))
            && (self.types.is_empty() || self.types.contains(&type_name))
    }
}

pub(crate) fn selections() -> impl Strategy<Value = Selection> {
    let process = || proptest::option::of(0..PROCESSES.len());
    let types = prop_oneof![
        3 => Just(Vec::new()),
        1 => Just(vec![STEP]),
        1 => Just(vec![PROGRESS, STEP]),
    ];
    (
        1_u64..6,
        process(),
        process(),
        process(),
        types,
        any::<bool>(),
    )
        .prop_map(
            |(limit, tenant, kind, process, types, from_end)| Selection {
                limit,
                tenant,
                kind,
                process,
                types,
                from_end,
            },
        )
}

pub(crate) struct Reader {
    selection: Selection,
    cursor: Option<FeedCursor>,
    pub(crate) seen: Vec<String>,
}

impl Reader {
    pub(crate) async fn begin(store: &Store, selection: &Selection) -> Self {
        let cursor = match selection.from_end {
            true => Some(store.feed_end().await.unwrap()),
            false => None,
        };
        Self {
            selection: selection.clone(),
            cursor,
            seen: Vec::new(),
        }
    }

    /// Reads one page; returns whether there is more. The cursor is converted to text and back, as
    /// with clients.
    pub(crate) async fn read(&mut self, store: &Store) -> bool {
        let Feed { events, next, more } = store.feed(&self.query()).await.unwrap();
        assert!(events.len() as u64 <= self.selection.limit);
        let places: Vec<_> = events.iter().map(|event| event.cursor).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(self.cursor.is_none_or(|cursor| cursor <= next));
        assert!(places.last().is_none_or(|last| *last <= next));
        self.cursor = Some(next.to_string().parse().unwrap());
        self.seen
            .extend(events.into_iter().map(|event| event.logged.id));
        more
    }

    /// Reads to the end; checks that every page moves on.
    pub(crate) async fn drain(&mut self, store: &Store) {
        let mut before = self.cursor;
        while self.read(store).await {
            assert!(before < self.cursor, "no progress after {before:?}");
            before = self.cursor;
        }
    }

    pub(crate) fn expected(&self, log: &[String]) -> Vec<String> {
        let matching = log.iter().filter(|id| self.selection.matches(id));
        matching.cloned().collect()
    }

    fn query(&self) -> FeedQuery<'_> {
        let selection = &self.selection;
        FeedQuery {
            after: self.cursor,
            limit: selection.limit,
            tenant: selection.tenant.map(|one| PROCESSES[one].0),
            kind: selection.kind.map(|one| PROCESSES[one].2),
            types: &selection.types,
            process: selection.process.map(|one| {
                let (tenant, token, _) = PROCESSES[one];
                ProcessKey::of(tenant, token)
            }),
            ..FeedQuery::default()
        }
    }
}
