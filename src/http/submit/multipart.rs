//! Streams the parts of a multipart form. The parser buffers everything between two part bodies, so
//! that is limited: clients may authenticate only within the parts.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::multipart::{Field, MultipartRejection};
use axum::extract::{FromRequest, Multipart, Request};
use futures_util::{Stream, StreamExt};

use super::upload::BROKEN;
use crate::http::web::{HttpProblem, ProblemKind};

/// Bytes between two part bodies: a boundary and a few headers.
const BETWEEN_BYTES_MAX: usize = 64 << 10;
/// The parser reads a chunk at every poll, whether it needs it or not: a form of nothing but
/// headers makes it buffer one or two for each.
const CHUNK_BYTES_MAX: usize = 16 << 10;
/// Most parts of one request.
const PARTS_MAX: usize = 300;

const TOO_MUCH: &str = "there is too much before a part";

/// A form that is parsed while it arrives.
#[derive(Debug)]
pub(in crate::http) struct MultipartParts {
    form: Multipart,
    left: BytesLeft,
    count: usize,
}

/// How many bytes may arrive before the parser finds the next part.
#[derive(Debug, Clone, Default)]
struct BytesLeft(Arc<AtomicUsize>);

/// A body in chunks of limited size.
struct Chunks {
    body: BodyDataStream,
    rest: Bytes,
    /// Whether the last poll returned a chunk: the parser would continue as long as there are more.
    was_ready: bool,
    left: BytesLeft,
}

impl MultipartParts {
    /// The next part, if there is one.
    pub(in crate::http) async fn part(&mut self) -> Result<Option<Field<'_>>, HttpProblem> {
        self.left.set(BETWEEN_BYTES_MAX);
        let part = self.form.next_field().await;
        // The reader of a part limits its body.
        self.left.set(usize::MAX);
        let part = part.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, BROKEN))?;
        self.count += usize::from(part.is_some());
        if self.count > PARTS_MAX {
            let detail = format!("there are more than {PARTS_MAX} parts");
            return Err(HttpProblem::new(ProblemKind::TooLarge, &detail));
        }
        Ok(part)
    }
}

impl<S: Send + Sync> FromRequest<S> for MultipartParts {
    type Rejection = MultipartRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, MultipartRejection> {
        let left = BytesLeft::default();
        let chunks = |body: Body| Chunks {
            body: body.into_data_stream(),
            rest: Bytes::new(),
            was_ready: false,
            left: left.clone(),
        };
        let request = request.map(|body| Body::from_stream(chunks(body)));
        Ok(Self {
            form: Multipart::from_request(request, state).await?,
            left,
            count: 0,
        })
    }
}

impl BytesLeft {
    fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// Subtracts `bytes`; false if none were left before.
    fn take(&self, bytes: usize) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.set(left.saturating_sub(bytes));
        left > 0
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if mem::take(&mut self.was_ready) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            match ready!(self.body.poll_next_unpin(context)) {
                Some(Ok(bytes)) => self.rest = bytes,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let length = self.rest.len().min(CHUNK_BYTES_MAX);
        let bytes = self.rest.split_to(length);
        self.was_ready = true;
        let chunk = match self.left.take(length) {
            true => Ok(bytes),
            false => Err(axum::Error::new(TOO_MUCH)),
        };
        Poll::Ready(Some(chunk))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    /// A long form with this beginning.
    async fn parts(begin: &str, more: &str) -> (MultipartParts, Arc<AtomicUsize>) {
        let begin = stream::iter([Bytes::from(begin.to_owned())]);
        let more = stream::repeat(Bytes::from(more.to_owned())).take(4_096);
        let read = Arc::new(AtomicUsize::new(0));
        let reads = Arc::clone(&read);
        let count = move |bytes: Bytes| {
            reads.fetch_add(bytes.len(), Ordering::Relaxed);
            Ok::<_, std::io::Error>(bytes)
        };
        let body = Body::from_stream(begin.chain(more).map(count));
        let request = Request::builder().header("content-type", "multipart/form-data; boundary=x");
        let request = request.body(body).unwrap();
        (
            MultipartParts::from_request(request, &()).await.unwrap(),
            read,
        )
    }

    #[tokio::test]
    async fn bytes_before_a_part_are_limited() {
        for begin in ["", "--x\r\ncontent-disposition: form-data; name=\""] {
            let (mut parts, read) = parts(begin, &"y".repeat(16 << 10)).await;
            assert!(parts.part().await.is_err(), "{begin}");
            let read = read.load(Ordering::Relaxed);
            assert!(read <= BETWEEN_BYTES_MAX + (64 << 10), "{begin}: {read}");
        }
    }

    #[tokio::test]
    async fn part_bodies_are_not_limited_here_and_parts_are_counted() {
        let begin = "--x\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n";
        let (mut form, _) = parts(begin, &"y".repeat(16 << 10)).await;
        let mut part = form.part().await.unwrap().unwrap();
        let mut bytes = 0;
        while bytes < 1 << 20 {
            bytes += part.chunk().await.unwrap().unwrap().len();
        }

        let one = format!("{begin}\r\n");
        let (mut form, _) = parts("", &one).await;
        let mut count = 0;
        let problem = loop {
            match form.part().await {
                Ok(part) => drop(part.unwrap()),
                Err(problem) => break problem,
            }
            count += 1;
        };
        assert_eq!(count, PARTS_MAX);
        assert_eq!(problem.detail(), "there are more than 300 parts");
    }
}
