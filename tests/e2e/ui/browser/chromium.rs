//! The browser of all tests: one headless Chromium, controlled over a pipe (Chrome DevTools
//! Protocol).
//!
//! It has no port that others could reach, and it ends when the pipe does: also when the tests
//! panic or are killed.

use std::{
    collections::HashMap,
    fs::File,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::{OnceCell, mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

use super::activity::Activity;
use crate::support::ground::{PATIENCE, folder};

/// Chromium reads commands from descriptor 3 and answers on 4.
const START: &str = r#"
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exec "$name" "$@" 3<&0 4>&1 </dev/null >&2; fi
done
echo "there is no Chromium: 'scripts/needs test' installs it" >&2
"#;
/// No requests to other machines, background tabs as fast as others, and no input dropped before
/// the first paint.
const FLAGS: [&str; 18] = [
    "--headless=new",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-features=PaintHolding",
    "--allow-pre-commit-input",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

static BROWSER: OnceCell<Browser> = OnceCell::const_new();

pub(crate) struct Browser {
    commands: mpsc::UnboundedSender<String>,
    next: AtomicU64,
    waiting: Arc<Mutex<Waiting>>,
    folder: PathBuf,
    _child: Child,
    _tasks: JoinSet<()>,
}

/// Receivers of answers and events.
#[derive(Default)]
struct Waiting {
    gone: bool,
    answers: HashMap<u64, oneshot::Sender<Value>>,
    sessions: HashMap<String, Activity>,
}

/// The one browser; the first call starts it.
pub(crate) async fn browser() -> &'static Browser {
    BROWSER.get_or_init(Browser::start).await
}

impl Browser {
    async fn start() -> Self {
        let folder = folder("browser");
        let mut child = launch(&folder);
        let input = child.stdin.take().expect("a pipe");
        let output = child.stdout.take().expect("a pipe");
        let (commands, outgoing) = mpsc::unbounded_channel();
        let waiting = Arc::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(write(input, outgoing));
        tasks.spawn(read(output, Arc::clone(&waiting), commands.clone()));
        let browser = Self {
            commands,
            next: AtomicU64::new(1),
            waiting,
            folder,
            _child: child,
            _tasks: tasks,
        };
        let version = browser.call(None, "Browser.getVersion", json!({})).await;
        version.expect("a browser that answers");
        browser
    }

    /// Sends a command to the browser, or to one of its tabs, and waits for the answer.
    pub(crate) async fn call(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, String> {
        let (sender, answer) = oneshot::channel();
        let id = self.send(session, method, params, Some(sender));
        let answer = timeout(PATIENCE, answer).await;
        lock(&self.waiting).answers.remove(&id);
        let Ok(answer) = answer else {
            return Err(format!("no answer to {method}"));
        };
        let mut answer = answer.map_err(|_| format!("the browser has gone: {}", self.log()))?;
        match answer.get("error") {
            Some(error) => Err(format!("{method}: {error}")),
            None => Ok(answer["result"].take()),
        }
    }

    /// Sends a command without waiting for an answer.
    pub(crate) fn notify(&self, session: Option<&str>, method: &str, params: Value) {
        self.send(session, method, params, None);
    }

    /// Records the events of a tab from now on.
    pub(crate) fn watch(&self, session: &str, seen: Activity) {
        let mut waiting = lock(&self.waiting);
        waiting.sessions.insert(session.to_owned(), seen);
    }

    pub(crate) fn forget(&self, session: &str) {
        lock(&self.waiting).sessions.remove(session);
    }

    fn send(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
        answer: Option<oneshot::Sender<Value>>,
    ) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut command = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        let mut waiting = lock(&self.waiting);
        // Once the browser is gone the sender is dropped, so the caller gets an error.
        if !waiting.gone {
            waiting.answers.extend(answer.map(|answer| (id, answer)));
            let _ = self.commands.send(command.to_string());
        }
        id
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

fn launch(folder: &Path) -> Child {
    let log = File::create(folder.join("log")).expect("the folder is ours");
    let profile = folder.join("profile");
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", START, "sh"])
        .args(FLAGS)
        .arg(format!("--user-data-dir={}", profile.display()))
        // Its wrapper and its libraries write there too.
        .env("HOME", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log);
    // Its sandbox does not work as root, which tests run as in many containers.
    let root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if root {
        command.arg("--no-sandbox");
    }
    command.spawn().expect("a shell")
}

/// Commands end with a zero byte, and so do answers.
async fn write(mut input: ChildStdin, mut commands: mpsc::UnboundedReceiver<String>) {
    while let Some(command) = commands.recv().await {
        let mut bytes = command.into_bytes();
        bytes.push(0);
        if input.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

async fn read(
    output: ChildStdout,
    waiting: Arc<Mutex<Waiting>>,
    commands: mpsc::UnboundedSender<String>,
) {
    let mut output = BufReader::new(output);
    let mut bytes = Vec::new();
    while output.read_until(0, &mut bytes).await.is_ok_and(|n| n > 0) {
        bytes.pop();
        let message: Value = serde_json::from_slice(&bytes).expect("JSON from the browser");
        bytes.clear();
        // A page blocks until its dialog is answered; the test gets it as a complaint.
        if message["method"] == "Page.javascriptDialogOpening" {
            let no = json!({
                "id": 0, "sessionId": message["sessionId"],
                "method": "Page.handleJavaScriptDialog", "params": { "accept": false },
            });
            let _ = commands.send(no.to_string());
        }
        dispatch(&mut lock(&waiting), message);
    }
    let mut waiting = lock(&waiting);
    waiting.gone = true;
    waiting.answers.clear();
}

fn dispatch(waiting: &mut Waiting, message: Value) {
    if let Some(id) = message["id"].as_u64() {
        if let Some(answer) = waiting.answers.remove(&id) {
            // The caller may have timed out.
            let _ = answer.send(message);
        }
        return;
    }
    let session = message["sessionId"].as_str().unwrap_or_default();
    if let Some(seen) = waiting.sessions.get(session) {
        let method = message["method"].as_str().unwrap_or_default();
        seen.note(method, &message["params"]);
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
