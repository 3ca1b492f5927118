//! The viewer of a page.

use crate::domain::access::Access;
use crate::http::state::Api;

/// What a page is rendered from, and the viewer's access.

#[derive(Clone)]
pub(super) struct Viewer {
    pub(super) api: Api,
    pub(super) access: Access,
}
