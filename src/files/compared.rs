//! Compares the contents of a file with their digest while they are read.

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};

use super::{Digesting, FilePath, FilesError, StoredFile};

/// A part of the contents, or why there is none.
type Part = Result<Bytes, FilesError>;

/// Contents that are being read.
struct Reading {
    contents: BoxStream<'static, Part>,
    digest: Digesting,
    /// The last part, until it is known that the contents are right.
    last: Option<Bytes>,
}

/// The same contents, but an error instead of their last part if they are not what was stored.
pub(super) fn compared(
    contents: BoxStream<'static, Part>,
    path: FilePath,
    stored: StoredFile,
) -> impl Stream<Item = Part> {
    let reading = Reading {
        contents,
        digest: Digesting::default(),
        last: None,
    };
    let expected = (path, stored);
    stream::unfold(Some((reading, expected)), async |state| {
        let (mut reading, expected) = state?;
        loop {
            match reading.contents.next().await {
                Some(Ok(part)) => {
                    reading.digest.add(&part);
                    if let Some(before) = reading.last.replace(part) {
                        return Some((Ok(before), Some((reading, expected))));
                    }
                }
                Some(Err(error)) => return Some((Err(error), None)),
                None => return Some((reading.last(expected), None)),
            }
        }
    })
}

impl Reading {
    fn last(self, (path, stored): (FilePath, StoredFile)) -> Part {
        match self.digest.finish() == stored {
            true => Ok(self.last.unwrap_or_default()),
            false => Err(FilesError::Changed(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use uuid::Uuid;

    use super::*;

    const PATH: FilePath = FilePath {
        process: Uuid::nil(),
        object: Uuid::nil(),
    };

    /// The parts that arrive of these contents, and whether they arrive as a whole.
    async fn read(parts: &'static [&str], stored: &str) -> (String, bool) {
        let mut digest = Digesting::default();
        digest.add(stored.as_bytes());
        let contents = stream::iter(
            parts
                .iter()
                .map(|part| Ok(Bytes::from_static(part.as_bytes()))),
        );
        let mut arrived = String::new();
        let compared = compared(contents.boxed(), PATH, digest.finish());
        let whole = compared
            .try_for_each(|part| {
                arrived.push_str(std::str::from_utf8(&part).unwrap());
                std::future::ready(Ok(()))
            })
            .await;
        (arrived, whole.is_ok())
    }

    #[tokio::test]
    async fn the_last_part_comes_only_if_the_contents_are_the_same() {
        assert_eq!(read(&["ab", "c"], "abc").await, ("abc".to_owned(), true));
        assert_eq!(read(&[], "").await, (String::new(), true));
        assert_eq!(read(&["ab", "d"], "abc").await, ("ab".to_owned(), false));
        assert_eq!(read(&["abd"], "abc").await, (String::new(), false));
        assert_eq!(read(&["ab"], "abc").await, (String::new(), false));
        assert_eq!(read(&[], "abc").await, (String::new(), false));
    }
}
