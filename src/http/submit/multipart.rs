//! The parts of a form as they come. The parser holds whatever lies between two contents, so that is
//! read within a limit: who sends it may be known only from the parts themselves.

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
use crate::http::web::problem::{HttpProblem, ProblemKind};

/// Bytes between two contents: a boundary and a few headers.
const BETWEEN_BYTES_MAX: usize = 64 << 10;
/// The parser takes a piece whenever it is asked for something, whether it needs it or not: a form of
/// nothing but heads makes it hold one or two for each.
const PIECE_BYTES_MAX: usize = 16 << 10;
/// Parts of one request.
const PARTS_MAX: usize = 300;

const TOO_MUCH: &str = "there is too much before a part";

/// A form that is taken apart while it comes.
#[derive(Debug)]
pub(in crate::http) struct Parts {
    form: Multipart,
    left: BytesLeft,
    count: usize,
}

/// How many bytes may come before the parser has found what it looks for.
#[derive(Debug, Clone, Default)]
struct BytesLeft(Arc<AtomicUsize>);

/// A body piece by piece.
struct Pieces {
    body: BodyDataStream,
    rest: Bytes,
    /// Whether the parser got one just now: it would go on for as long as there are more.
    is_given: bool,
    left: BytesLeft,
}

impl Parts {
    /// The next part, if there is one.
    pub(in crate::http) async fn part(&mut self) -> Result<Option<Field<'_>>, HttpProblem> {
        self.left.set(BETWEEN_BYTES_MAX);
        let part = self.form.next_field().await;
        // Contents are counted by whoever takes them.
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

impl<S: Send + Sync> FromRequest<S> for Parts {
    type Rejection = MultipartRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, MultipartRejection> {
        let left = BytesLeft::default();
        let pieces = |body: Body| Pieces {
            body: body.into_data_stream(),
            rest: Bytes::new(),
            is_given: false,
            left: left.clone(),
        };
        let request = request.map(|body| Body::from_stream(pieces(body)));
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

    /// Whether some were left, before so many more.
    fn take(&self, bytes: usize) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.set(left.saturating_sub(bytes));
        left > 0
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if mem::take(&mut self.is_given) {
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
        let length = self.rest.len().min(PIECE_BYTES_MAX);
        let piece = self.rest.split_to(length);
        self.is_given = true;
        let given = match self.left.take(length) {
            true => Ok(piece),
            false => Err(axum::Error::new(TOO_MUCH)),
        };
        Poll::Ready(Some(given))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    /// A form that begins so, and goes on for long.
    async fn parts(begin: &str, more: &str) -> (Parts, Arc<AtomicUsize>) {
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
        (Parts::from_request(request, &()).await.unwrap(), read)
    }

    #[tokio::test]
    async fn what_comes_before_a_part_is_held_only_up_to_a_limit() {
        for begin in ["", "--x\r\ncontent-disposition: form-data; name=\""] {
            let (mut parts, read) = parts(begin, &"y".repeat(16 << 10)).await;
            assert!(parts.part().await.is_err(), "{begin}");
            let read = read.load(Ordering::Relaxed);
            assert!(read <= BETWEEN_BYTES_MAX + (64 << 10), "{begin}: {read}");
        }
    }

    #[tokio::test]
    async fn contents_are_not_limited_here_and_parts_are_counted() {
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
