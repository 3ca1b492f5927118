//! The network between a worker and one server: passes bytes on, blocks, delays or splits them; on
//! request it cuts the connection between a request and its answer.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::address::port;

/// A commit as PostgreSQL's simple query, and the answer that it is done.
pub(crate) const COMMIT: Cut = Cut {
    request: b"Q\x00\x00\x00\x0bcommit\x00",
    answer: b"C\x00\x00\x00\x0bCOMMIT\x00",
};
/// The method of an AMQP publish, and that of its confirm.
pub(crate) const PUBLISH: Cut = Cut {
    request: b"\x00\x3c\x00\x28",
    answer: b"\x00\x3c\x00\x50",
};

/// Between which two byte strings a connection is cut.
#[derive(Clone, Copy)]
pub(crate) struct Cut {
    request: &'static [u8],
    answer: &'static [u8],
}

/// What happens to bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    /// Ends every connection and accepts no new one.
    Down,
    /// Nothing arrives, neither here nor there.
    Hole,
    /// Only what the worker sends does not arrive.
    HoleToServer,
    /// Only what the server sends does not arrive.
    HoleToClient,
    /// Everything arrives this much later.
    Slow(Duration),
    /// Everything arrives byte by byte.
    Slices,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

/// A proxy for any number of connections, until it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

struct State {
    target: u16,
    mode: watch::Sender<Mode>,
    /// The next cut, and before the answer to which request.
    due: Mutex<Option<(Cut, u32)>>,
    cuts: AtomicU32,
}

/// One connection: its end, and whether its next answer is the one to suppress.
struct Link {
    ended: CancellationToken,
    armed: AtomicBool,
}

impl Proxy {
    /// In front of the server in `url`; returns itself and the address through it.
    pub(crate) async fn before(url: &str) -> (Self, String) {
        let proxy = Self::start(url, None).await;
        let by_way = url.replace(
            &format!(":{}/", proxy.state.target),
            &format!(":{}/", proxy.port()),
        );
        (proxy, by_way)
    }

    /// The same, with TLS to its clients and plain text to the server.
    pub(crate) async fn ending_tls(url: &str, tls: TlsAcceptor) -> Self {
        Self::start(url, Some(tls)).await
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    async fn start(url: &str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State {
            target: port(url),
            mode: watch::channel(Mode::Pass).0,
            due: Mutex::default(),
            cuts: AtomicU32::new(0),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, tls, Arc::clone(&state)));
        Self {
            address,
            state,
            _tasks: tasks,
        }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.state.mode.send_replace(mode);
    }

    /// Cuts once between the `nth` request from now on and its answer: the server has done it,
    /// the worker never receives the answer.
    pub(crate) fn cut(&self, cut: Cut, nth: u32) {
        *self.state.due() = Some((cut, nth));
    }

    /// How often that has happened.
    pub(crate) fn cuts(&self) -> u32 {
        self.state.cuts.load(Ordering::Relaxed)
    }
}

impl State {
    fn due(&self) -> MutexGuard<'_, Option<(Cut, u32)>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while nothing gets through in that direction; returns the mode.
    async fn open(&self, way: Way) -> Mode {
        let blocked = |mode: &Mode| match mode {
            Mode::Hole => true,
            Mode::HoleToServer => way == Way::ToServer,
            Mode::HoleToClient => way == Way::ToClient,
            Mode::Pass | Mode::Down | Mode::Slow(_) | Mode::Slices => false,
        };
        let mut mode = self.mode.subscribe();
        let open = mode.wait_for(|mode| !blocked(mode)).await;
        open.map_or(Mode::Down, |mode| *mode)
    }

    /// Inspects bytes; returns whether they may pass.
    fn inspect(&self, way: Way, link: &Link, bytes: &[u8], fresh: usize) -> bool {
        let armed = link.armed.load(Ordering::Relaxed);
        let mut due = self.due();
        let Some((cut, left)) = due.as_mut() else {
            return !armed;
        };
        if way == Way::ToServer && !armed {
            let seen = count(bytes, cut.request, fresh);
            // The link on which the last of them went is the one to cut.
            let last = (1..=seen).contains(left);
            *left = left.saturating_sub(seen);
            link.armed.store(last, Ordering::Relaxed);
        } else if way == Way::ToClient && armed {
            if count(bytes, cut.answer, fresh) > 0 {
                *due = None;
                self.cuts.fetch_add(1, Ordering::Relaxed);
                link.ended.cancel();
            }
            return false;
        }
        true
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let mut links = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        if *state.mode.borrow() != Mode::Down {
            let (tls, state) = (tls.clone(), Arc::clone(&state));
            links.spawn(async move {
                client.set_nodelay(true).expect("a TCP socket");
                match tls {
                    None => serve(client, state).await,
                    Some(tls) => {
                        if let Ok(client) = tls.accept(client).await {
                            serve(client, state).await;
                        }
                    }
                }
            });
        }
        while links.try_join_next().is_some() {}
    }
}

async fn serve(client: impl AsyncRead + AsyncWrite, state: Arc<State>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", state.target)).await else {
        return;
    };
    server.set_nodelay(true).expect("a TCP socket");
    let (from_client, to_client) = split(client);
    let (from_server, to_server) = server.into_split();
    let link = Link {
        ended: CancellationToken::new(),
        armed: AtomicBool::new(false),
    };
    let mut mode = state.mode.subscribe();
    tokio::select! {
        () = pump(from_client, to_server, Way::ToServer, &state, &link) => {}
        () = pump(from_server, to_client, Way::ToClient, &state, &link) => {}
        () = link.ended.cancelled() => {}
        _ = mode.wait_for(|mode| *mode == Mode::Down) => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    way: Way,
    state: &State,
    link: &Link,
) {
    const OVERLAP: usize = 16;
    let mut buffer = vec![0; 64 * 1024];
    let mut seen: Vec<u8> = Vec::new();
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let bytes = &buffer[..count];
        let mode = state.open(way).await;
        seen.drain(..seen.len().saturating_sub(OVERLAP));
        let fresh = seen.len();
        seen.extend_from_slice(bytes);
        if !state.inspect(way, link, &seen, fresh) {
            continue;
        }
        let sent = match mode {
            Mode::Slices => slices(&mut to, bytes).await,
            Mode::Slow(delay) => {
                tokio::time::sleep(delay).await;
                to.write_all(bytes).await
            }
            _ => to.write_all(bytes).await,
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn slices(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes.chunks(1) {
        to.write_all(byte).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// How often `part` ends behind the first `fresh` bytes.
fn count(bytes: &[u8], part: &[u8], fresh: usize) -> u32 {
    let ends = bytes.windows(part.len()).enumerate();
    let ends = ends.filter(|(at, window)| *window == part && at + part.len() > fresh);
    u32::try_from(ends.count()).expect("few")
}
