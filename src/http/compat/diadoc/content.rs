//! The contents of documents: the size of each, and the bytes of requested ones up to a limit per
//! response.

use axum::body::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::proto::Content;
use crate::domain::ProcessKey;
use crate::files::{FilePath, FilesError, StoredFile};
use crate::http::state::Api;
use crate::http::web::{HttpProblem, ProblemKind};

/// Most bytes of all contents of a response.
const BYTES_MAX: u64 = 1 << 20;
/// Files that are read concurrently.
const FILES_AT_ONCE: usize = 8;
/// The size of a content if it is unknown.
const UNKNOWN: i32 = -1;

const AWAY: &str = "the content of a document can't be read right now; try again in a moment";

/// A content that has not been read yet.
#[derive(Debug)]
pub(super) struct Unread<'a> {
    /// The size, if it is known.
    pub(super) size: Option<u64>,
    pub(super) location: Location<'a>,
    /// Whether the client requested the bytes.
    pub(super) requested: bool,
}

/// Where a content is stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Location<'a> {
    Nowhere,
    Here(&'a str),
    Item(ProcessKey, &'a str),
    File(FilePath, &'a str),
}

/// Reads the requested contents up to the limit; the others only get their size.
pub(super) async fn read(api: &Api, unread: &[Unread<'_>]) -> Result<Vec<Content>, HttpProblem> {
    let chosen = chosen(unread);
    let items = unread.iter().zip(&chosen);
    let items = items.filter_map(|(content, size)| match (content.location, *size) {
        (Location::Item(key, identifier), Some(size)) => Some((key, identifier, size)),
        _ => None,
    });
    let items: Vec<_> = items.collect();
    let mut data = api.store().item_data(&items).await?.into_iter();
    let bytes = unread.iter().zip(chosen).map(|(content, size)| {
        let of_item = match (content.location, size) {
            (Location::Item(..), Some(_)) => data.next().flatten(),
            _ => None,
        };
        async move {
            match (content.location, size) {
                (Location::Here(data), Some(_)) => Ok(Some(data.as_bytes().to_vec())),
                (Location::File(path, sha256), Some(size)) => {
                    let sha256 = sha256.to_owned();
                    file(api, path, StoredFile { size, sha256 }).await
                }
                (_, _) => Ok(of_item.map(String::into_bytes)),
            }
        }
    });
    // The data of items comes in their order.
    let bytes: Vec<_> = bytes.collect();
    let bytes = stream::iter(bytes).buffered(FILES_AT_ONCE);
    let bytes: Vec<_> = bytes.try_collect().await?;
    let content = |(content, data): (&Unread<'_>, _)| Content {
        size: content.stated(),
        data,
    };
    Ok(unread.iter().zip(bytes).map(content).collect())
}

impl Unread<'_> {
    fn stated(&self) -> i32 {
        let size = self.size.and_then(|size| i32::try_from(size).ok());
        size.unwrap_or(UNKNOWN)
    }
}

/// The sizes of the contents that are read: in their order, each that still fits.
fn chosen(unread: &[Unread<'_>]) -> Vec<Option<u64>> {
    let mut left = BYTES_MAX;
    let mut choose = |content: &Unread<'_>| {
        let size = content.size.filter(|_| content.requested)?;
        left = left.checked_sub(size)?;
        Some(size)
    };
    unread.iter().map(&mut choose).collect()
}

/// Reads a file; none if its process was deleted meanwhile.
async fn file(
    api: &Api,
    path: FilePath,
    stored: StoredFile,
) -> Result<Option<Vec<u8>>, HttpProblem> {
    let parts = match api.files.read(path, stored).await {
        Ok(parts) => parts,
        Err(FilesError::Missing) => return Ok(None),
        Err(error) => return Err(away(&error)),
    };
    let add = async |mut bytes: Vec<u8>, part: Bytes| {
        bytes.extend_from_slice(&part);
        Ok(bytes)
    };
    let read = parts.try_fold(Vec::new(), add).await;
    read.map(Some).map_err(|error| {
        if let FilesError::Changed(path) = &error {
            api.telemetry.file_changed(path);
        }
        away(&error)
    })
}

/// The log has the error of the file store; the client does not get it.
fn away(error: &impl std::fmt::Display) -> HttpProblem {
    tracing::warn!(%error, "a file could not be read");
    HttpProblem::new(ProblemKind::Unavailable, AWAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_read_in_their_order_up_to_the_limit() {
        const HALF: u64 = BYTES_MAX / 2;
        let content = |size, requested| Unread {
            size,
            location: Location::Nowhere,
            requested,
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
    fn a_size_that_is_unknown_or_does_not_fit_is_minus_one() {
        for (size, stated) in [(None, -1), (Some(7), 7), (Some(1 << 31), -1)] {
            let content = Unread {
                size,
                location: Location::Nowhere,
                requested: true,
            };
            assert_eq!(content.stated(), stated);
        }
    }
}
