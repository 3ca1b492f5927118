//! Who looks at a page, and what it is made from.

use crate::domain::access::Access;
use crate::http::state::Api;

/// Who looks, and at what.
#[derive(Clone)]
pub(super) struct Viewer {
    pub(super) api: Api,
    pub(super) access: Access,
}
