//! Readers that follow a list to its end.

use waybill::store::read::list::{LIST_MAX, ListError};
use waybill::store::read::list_cursor::{ListCursor, Sort};
use waybill::store::read::list_selection::{Selection, TimeRange};

use crate::store::list::known::{SELECTIONS, expected, selection};
use crate::store::server::Server;

/// More than twice what one page reads.
const ROWS: u32 = 25_000;

/// A reader that reads page by page.
struct Reader<'a> {
    tenant: &'a str,
    selection: &'a Selection,
    limit: u64,
    after: Option<ListCursor>,
    seen: Vec<String>,
    pages: usize,
}

impl<'a> Reader<'a> {
    fn of(tenant: &'a str, selection: &'a Selection, limit: u64) -> Self {
        Self {
            tenant,
            selection,
            limit,
            after: None,
            seen: Vec::new(),
            pages: 0,
        }
    }

    /// Reads one page; returns whether there is more. The cursor is converted to text and back, as
    /// with clients.
    async fn read(&mut self, ground: &Server) -> bool {
        let page = ground
            .store
            .list(self.tenant, self.selection, self.after, self.limit);
        let page = page.await.unwrap();
        assert!(page.processes.len() as u64 <= self.limit);
        assert!(
            page.processes
                .iter()
                .all(|listed| listed.tenant == self.tenant)
        );
        self.pages += 1;
        self.seen
            .extend(page.processes.into_iter().map(|listed| listed.token));
        let before = self.after;
        self.after = page.next.map(|next| next.to_string().parse().unwrap());
        let (before, after) = (before.map(order), self.after.map(order));
        assert!(before.is_none_or(|before| after.is_none_or(|after| after < before)));
        self.after.is_some()
    }

    async fn drain(mut self, ground: &Server) -> (Vec<String>, usize) {
        while self.read(ground).await {}
        (self.seen, self.pages)
    }
}

fn order(place: ListCursor) -> (jiff::Timestamp, uuid::Uuid) {
    (place.at, place.key.0)
}

#[tokio::test]
async fn a_reader_sees_each_process_of_a_selection_once_and_in_order() {
    let ground = Server::start().await;
    ground.fill(1, ROWS).await;
    let known = ground.known().await;
    for selection in SELECTIONS.map(selection) {
        for tenant in ["alpha", "beta", "gamma"] {
            let tokens = expected(&known, tenant, &selection);
            // Small pages where there is little, so that many ends fall among equal times.
            let limit = if tokens.len() < 500 { 7 } else { 333 };
            let (seen, pages) = Reader::of(tenant, &selection, limit).drain(&ground).await;
            assert!(
                seen == tokens,
                "{tenant} {selection:?}: {} of {}",
                seen.len(),
                tokens.len()
            );
            // A page is full, or has read its maximum.
            let most = seen.len() / usize::try_from(limit).unwrap() + 25_000 / 10_000 + 1;
            assert!(pages <= most, "{pages} pages for {selection:?}");
        }
    }
    ground.end().await;
}

#[tokio::test]
async fn new_processes_move_nothing_in_a_list() {
    let ground = Server::start().await;
    ground.fill(1, 3_000).await;
    for (round, selection) in SELECTIONS.map(selection).iter().enumerate() {
        let before = expected(&ground.known().await, "alpha", selection);
        let mut reader = Reader::of("alpha", selection, 50.max(before.len() as u64 / 4));
        let first = 3_001 + u32::try_from(round).unwrap() * 300;
        let mut part = 0;
        while reader.read(&ground).await {
            if part < 3 {
                ground
                    .fill(first + part * 100, first + part * 100 + 99)
                    .await;
                part += 1;
            }
        }
        let after = expected(&ground.known().await, "alpha", selection);
        let mut seen = reader.seen.clone();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), reader.seen.len(), "none twice: {selection:?}");
        // Old processes are seen in order; new ones may be seen in their position.
        let mut old = before.iter().peekable();
        for token in &reader.seen {
            assert!(after.contains(token), "{token}: {selection:?}");
            old.next_if(|next| *next == token);
        }
        assert_eq!(old.next(), None, "none skipped: {selection:?}");
    }
    ground.end().await;
}

#[tokio::test]
async fn a_cursor_is_valid_only_in_its_own_order_and_at_any_position() {
    let ground = Server::start().await;
    ground.fill(1, 200).await;
    let all = Selection::default();
    let opened = Selection {
        opened: TimeRange {
            after: Some("2025-01-01T00:00:00Z".parse().unwrap()),
            before: None,
        },
        ..Selection::default()
    };
    let page = ground.store.list("alpha", &all, None, 10).await.unwrap();
    let next = page.next.unwrap();
    assert_eq!(next.sort, Sort::Created);
    let refused = ground.store.list("alpha", &opened, Some(next), 10).await;
    assert!(matches!(refused, Err(ListError::OtherSort)));
    // Before all times, and after all that there are.
    let all = expected(&ground.known().await, "alpha", &opened);
    for (at, found) in [("0000", 0), ("0460", all.len())] {
        let text = format!("p1o{at}{}", "0".repeat(44));
        let place: ListCursor = text.parse().unwrap();
        assert_eq!(place.sort, Sort::Opened);
        let page = ground.store.list("alpha", &opened, Some(place), LIST_MAX);
        assert_eq!(page.await.unwrap().processes.len(), found);
    }
    ground.end().await;
}
