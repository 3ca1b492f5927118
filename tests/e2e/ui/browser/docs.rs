//! The documentation page of the API.

use super::appearance::LOOKS;
use super::page::Page;
use crate::support::client::served_as;

#[test]
fn the_documents_are_readable_in_every_size_and_theme() {
    served_as("browser-docs", "api", async |_, client| {
        let page = Page::of(&client.url()).await;
        for look in LOOKS {
            page.look(look).await;
            page.goto("/docs").await;
            page.shows("/v1/processes").await;
            page.readable(look).await;
        }
        page.quiet().await;
    });
}
