//! A client that follows the feed through its cursor and remembers what it saw.

use proptest::prelude::*;
use waybill::domain::ProcessKey;
use waybill::store::Store;
use waybill::store::read::feed::{Feed, FeedQuery};
use waybill::store::read::feed_cursor::Cursor;

use crate::store::feed::ground::{PROCESSES, PROGRESS, STEP};

/// What it asks for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    limit: u64,
    /// Of which tenant or kind: that of this process.
    tenant: Option<usize>,
    kind: Option<usize>,
    process: Option<usize>,
    types: Vec<&'static str>,
    /// Begins with what is new, not with what is there.
    from_end: bool,
}

impl Wish {
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

    /// Whether the event of that id, as [`crate::store::feed::ground::log`] makes it, passes.
    fn wants(&self, id: &str) -> bool {
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

pub(crate) fn wishes() -> impl Strategy<Value = Wish> {
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
        .prop_map(|(limit, tenant, kind, process, types, from_end)| Wish {
            limit,
            tenant,
            kind,
            process,
            types,
            from_end,
        })
}

pub(crate) struct Reader {
    wish: Wish,
    cursor: Option<Cursor>,
    pub(crate) seen: Vec<String>,
}

impl Reader {
    pub(crate) async fn begin(store: &Store, wish: &Wish) -> Self {
        let cursor = match wish.from_end {
            true => Some(store.feed_end().await.unwrap()),
            false => None,
        };
        Self {
            wish: wish.clone(),
            cursor,
            seen: Vec::new(),
        }
    }

    /// Asks once and says whether to ask again at once. The cursor goes through its text, as it
    /// does with clients.
    pub(crate) async fn read(&mut self, store: &Store) -> bool {
        let Feed { events, next, more } = store.feed(&self.query()).await.unwrap();
        assert!(events.len() as u64 <= self.wish.limit);
        let places: Vec<_> = events.iter().map(|event| event.cursor).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(self.cursor.is_none_or(|cursor| cursor <= next));
        assert!(places.last().is_none_or(|last| *last <= next));
        self.cursor = Some(next.to_string().parse().unwrap());
        self.seen
            .extend(events.into_iter().map(|event| event.logged.id));
        more
    }

    /// Reads to the end; that every page moves on is what ends it.
    pub(crate) async fn drain(&mut self, store: &Store) {
        let mut before = self.cursor;
        while self.read(store).await {
            assert!(before < self.cursor, "no progress after {before:?}");
            before = self.cursor;
        }
    }

    pub(crate) fn wanted(&self, log: &[String]) -> Vec<String> {
        let wanted = log.iter().filter(|id| self.wish.wants(id));
        wanted.cloned().collect()
    }

    fn query(&self) -> FeedQuery<'_> {
        let wish = &self.wish;
        FeedQuery {
            after: self.cursor,
            limit: wish.limit,
            tenant: wish.tenant.map(|one| PROCESSES[one].0),
            kind: wish.kind.map(|one| PROCESSES[one].2),
            types: &wish.types,
            process: wish.process.map(|one| {
                let (tenant, token, _) = PROCESSES[one];
                ProcessKey::of(tenant, token)
            }),
            ..FeedQuery::default()
        }
    }
}
