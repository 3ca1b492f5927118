//! What the client library can't bear or doesn't tell, fixed between it and the socket.

pub(super) mod frame;
pub mod greeting;
pub(super) mod runtime;
pub(super) mod screen;
