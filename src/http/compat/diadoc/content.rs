//! The contents of documents: of each how long it is, and of those that are wanted the bytes, as far
//! as one answer has room for them.

use axum::body::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::proto::Content;
use crate::domain::ProcessKey;
use crate::files::{FilePath, FilesError};
use crate::http::state::Api;
use crate::http::web::problem::{HttpProblem, ProblemKind};

/// How many bytes all contents of an answer may have together.
const BYTES_MAX: u64 = 1 << 20;
/// Files that are read at the same time.
const FILES_AT_ONCE: usize = 8;
/// What the size of a content is if nobody knows it.
const UNKNOWN: i32 = -1;

const AWAY: &str = "the content of a document can't be read just now; try again in a moment";

/// A content that has not been read yet.
#[derive(Debug)]
pub(super) struct Unread<'a> {
    /// How long it is; a document may have none that is known here.
    pub(super) size: Option<u64>,
    pub(super) lies: Lies<'a>,
    /// Whether the client wants it.
    pub(super) wanted: bool,
}

/// Where a content lies.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lies<'a> {
    Nowhere,
    Here(&'a str),
    Item(ProcessKey, &'a str),
    File(FilePath),
}

/// Reads those contents that are wanted, as far as there is room; the others only have their size.
pub(super) async fn read(api: &Api, unread: &[Unread<'_>]) -> Result<Vec<Content>, HttpProblem> {
    let chosen = chosen(unread);
    let wanted = unread.iter().zip(&chosen);
    let wanted = wanted.filter_map(|(content, size)| match (content.lies, *size) {
        (Lies::Item(key, identifier), Some(size)) => Some((key, identifier, size)),
        _ => None,
    });
    let wanted: Vec<_> = wanted.collect();
    let mut data = api.store.item_data(&wanted).await?.into_iter();
    let mut bytes = Vec::with_capacity(unread.len());
    for (content, size) in unread.iter().zip(&chosen) {
        bytes.push(match (content.lies, *size) {
            (Lies::Here(data), Some(_)) => Body::Read(data.as_bytes().to_vec()),
            (Lies::Item(..), Some(_)) => match data.next().flatten() {
                Some(data) => Body::Read(data.into_bytes()),
                None => Body::None,
            },
            (Lies::File(path), Some(size)) => Body::File(path, size),
            (_, _) => Body::None,
        });
    }
    let read = bytes.into_iter().map(|body| body.read(api));
    let bytes = stream::iter(read).buffered(FILES_AT_ONCE);
    let bytes: Vec<_> = bytes.try_collect().await?;
    let contents = unread.iter().zip(bytes);
    Ok(contents
        .map(|(content, data)| Content {
            size: content.stated(),
            data,
        })
        .collect())
}

impl Unread<'_> {
    fn stated(&self) -> i32 {
        let size = self.size.and_then(|size| i32::try_from(size).ok());
        size.unwrap_or(UNKNOWN)
    }
}

/// The sizes of those that are read: in their order, each that still fits.
fn chosen(unread: &[Unread<'_>]) -> Vec<Option<u64>> {
    let mut left = BYTES_MAX;
    let mut choose = |content: &Unread<'_>| {
        let size = content.size.filter(|_| content.wanted)?;
        left = left.checked_sub(size)?;
        Some(size)
    };
    unread.iter().map(&mut choose).collect()
}

enum Body {
    None,
    Read(Vec<u8>),
    File(FilePath, u64),
}

impl Body {
    async fn read(self, api: &Api) -> Result<Option<Vec<u8>>, HttpProblem> {
        match self {
            Self::None => Ok(None),
            Self::Read(bytes) => Ok(Some(bytes)),
            Self::File(path, size) => file(api, path, size).await,
        }
    }
}

/// A file whose process was forgotten meanwhile has no bytes any more.
async fn file(api: &Api, path: FilePath, size: u64) -> Result<Option<Vec<u8>>, HttpProblem> {
    let parts = match api.files.read(path, 0..size).await {
        Ok(parts) => parts,
        Err(FilesError::Missing) => return Ok(None),
        Err(error) => return Err(away(&error)),
    };
    let add = async |mut bytes: Vec<u8>, part: Bytes| {
        bytes.extend_from_slice(&part);
        Ok(bytes)
    };
    let read = parts.try_fold(Vec::new(), add).await;
    read.map(Some).map_err(|error| away(&error))
}

/// What exactly is wrong with the store is for operators, in the log.
fn away(error: &impl std::fmt::Display) -> HttpProblem {
    tracing::warn!(%error, "a file could not be read");
    HttpProblem::new(ProblemKind::Unavailable, AWAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_read_in_their_order_as_far_as_there_is_room() {
        const HALF: u64 = BYTES_MAX / 2;
        let content = |size, wanted| Unread {
            size,
            lies: Lies::Nowhere,
            wanted,
        };
        let unread = [
            content(Some(HALF), true),
            content(Some(HALF), false),
            content(Some(HALF + 1), true),
            content(None, true),
            content(Some(HALF - 1), true),
            content(Some(1), true),
            content(Some(1), true),
            content(Some(0), true),
        ];
        let read = [0, 4, 5, 7].map(|place| (place, unread[place].size));
        let chosen = chosen(&unread).into_iter().enumerate();
        let chosen: Vec<_> = chosen.filter(|(_, size)| size.is_some()).collect();
        assert_eq!(chosen, read);
    }

    #[test]
    fn a_size_that_nobody_knows_or_that_does_not_fit_is_minus_one() {
        for (size, stated) in [(None, -1), (Some(7), 7), (Some(1 << 31), -1)] {
            let content = Unread {
                size,
                lies: Lies::Nowhere,
                wanted: true,
            };
            assert_eq!(content.stated(), stated);
        }
    }
}
