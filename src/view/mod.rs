//! What is shown of a process, in JSON and in words: the same for every interface.
//!
//! `store` reads the data; the command line and HTTP parse the requests.

pub mod as_of;
pub mod audit;
pub mod completion;
pub mod erasure;
pub mod escape;
pub mod feed;
pub mod listing;
pub mod order;
pub mod outgoing;
pub mod parts;
pub mod picture;
pub mod read;
pub mod record;
pub mod schema;
pub mod step;
pub mod summary;
