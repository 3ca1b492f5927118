//! Sits between the socket and the client library and repairs incoming frames; outgoing frames and
//! the bodies of messages pass unchanged.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::io::{AsyncRead, AsyncWrite};

use super::frame::{self, HEAD, Head};

/// How much is read from the socket at once.
const CHUNK: usize = 64 * 1024;
/// The largest frame that is buffered for repair; the broker's frames have at most 128 KiB.
const FRAME_MAX: usize = 1024 * 1024;

/// A stream whose incoming frames are repaired.
pub(in crate::broker) struct Screened<S> {
    stream: S,
    chunk: Box<[u8]>,
    screen: Screen,
}

impl<S> Screened<S> {
    pub(in crate::broker) fn new(stream: S) -> Self {
        Self {
            stream,
            chunk: vec![0; CHUNK].into_boxed_slice(),
            screen: Screen::default(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Screened<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        loop {
            let count = this.screen.read(buffer);
            if count > 0 || buffer.is_empty() {
                return Poll::Ready(Ok(count));
            }
            let count = ready!(Pin::new(&mut this.stream).poll_read(context, &mut this.chunk))?;
            let Some(bytes) = this.chunk.get(..count).filter(|bytes| !bytes.is_empty()) else {
                return Poll::Ready(Ok(0));
            };
            this.screen.write(bytes);
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Screened<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_close(context)
    }
}

/// Splits the incoming bytes into frames and repairs those that may need it.
#[derive(Default)]
struct Screen {
    /// Bytes to pass on, of which the first `consumed` have been read.
    ready: Vec<u8>,
    consumed: usize,
    /// The beginning of a frame: its head, or the whole frame if it may need repair.
    partial: Vec<u8>,
    /// The length of the whole frame, if `partial` collects one.
    frame_length: Option<usize>,
    /// How many bytes of the current frame still pass unchanged.
    passing: usize,
}

impl Screen {
    fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = if self.passing > 0 {
                let (now, later) = bytes.split_at(self.passing.min(bytes.len()));
                self.ready.extend_from_slice(now);
                self.passing -= now.len();
                later
            } else {
                let missing = self
                    .frame_length
                    .unwrap_or(HEAD)
                    .saturating_sub(self.partial.len());
                let (now, later) = bytes.split_at(missing.min(bytes.len()));
                self.partial.extend_from_slice(now);
                if now.len() == missing {
                    self.complete();
                }
                later
            };
        }
    }

    /// Handles a complete head, or a complete frame.
    fn complete(&mut self) {
        if self.frame_length.take().is_some() {
            frame::repair(&mut self.partial);
        } else if let Some(head) = Head::read(&self.partial) {
            if head.may_need_repair() && head.rest <= FRAME_MAX {
                self.frame_length = Some(HEAD + head.rest);
                return;
            }
            self.passing = head.rest;
        }
        self.ready.append(&mut self.partial);
    }

    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let waiting = self.ready.get(self.consumed..).unwrap_or_default();
        let count = waiting.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(waiting) {
            *to = *from;
        }
        self.consumed += count;
        if self.consumed == self.ready.len() {
            self.ready.clear();
            self.consumed = 0;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A delivery with a bad routing key, its header, its body, and a heartbeat.
    fn frames() -> (Vec<u8>, Vec<u8>) {
        let deliver = b"\x01\x00\x01\x00\x00\x00\x13\x00\x3c\x00\x3c\x01t\0\0\0\0\0\0\0\x01\0\x00\x02k\xe9\xce";
        let rest = b"\x02\x00\x01\x00\x00\x00\x0e\0\x3c\0\0\0\0\0\0\0\0\0\x03\0\0\xce\
                     \x03\x00\x01\x00\x00\x00\x03\xff\xfe\xfd\xce\x08\x00\x00\x00\x00\x00\x00\xce";
        let before = [&deliver[..], rest].concat();
        let mut after = before.clone();
        after[deliver.len() - 2] = 0x1a;
        (before, after)
    }

    #[test]
    fn frames_are_repaired_however_they_are_split() {
        let (before, after) = frames();
        for size in 1..=before.len() {
            let mut screen = Screen::default();
            let mut seen = Vec::new();
            let mut buffer = [0; 3];
            for piece in before.chunks(size) {
                screen.write(piece);
                loop {
                    let count = screen.read(&mut buffer);
                    if count == 0 {
                        break;
                    }
                    seen.extend_from_slice(&buffer[..count]);
                }
            }
            assert_eq!(seen, after, "in pieces of {size}");
        }
    }
}
