//! The page of the interface's documents, which is written for people too.

use super::looks::LOOKS;
use super::page::Page;
use crate::support::ground::{Ground, run};

#[test]
fn the_documents_can_be_read_in_every_look() {
    run(async {
        let ground = Ground::shared("browser-docs").await;
        let (worker, client) = ground.answering_as("api").await;
        let page = Page::of(&client.url()).await;
        for look in LOOKS {
            page.look(look).await;
            page.goto("/docs").await;
            page.shows("/v1/processes").await;
            page.readable(look).await;
        }
        page.quiet().await;
        worker.stop().await;
    });
}
