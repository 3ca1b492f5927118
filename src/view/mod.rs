//! What is shown of a process, in JSON and in words: the same for every way to ask.
//!
//! Reading what is shown is left to `store`, and how it is asked for to the command line and HTTP.

pub mod as_of;
pub mod completion;
pub mod escape;
pub mod feed;
pub mod found;
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
