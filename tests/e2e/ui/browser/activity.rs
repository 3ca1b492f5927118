//! The activity of a tab: pages that have loaded, and complaints: errors, dialogs, downloads and
//! foreign requests.

use std::{fmt::Display, sync::Arc};

use serde_json::Value;
use tokio::{sync::watch, time::timeout};

use crate::support::ground::PATIENCE;

/// One per tab; clones are the same.
#[derive(Clone)]
pub(crate) struct Activity {
    /// The origin of the tab's pages; requests to others are complaints.
    site: Arc<str>,
    state: Arc<watch::Sender<State>>,
}

#[derive(Default)]
struct State {
    /// The navigations that have come to their end.
    loaded: Vec<String>,
    complaints: Vec<String>,
}

impl Activity {
    pub(crate) fn of(site: &str) -> Self {
        Self {
            site: site.into(),
            state: Arc::default(),
        }
    }

    /// One event of the protocol.
    pub(crate) fn note(&self, method: &str, params: &Value) {
        let complaint = match method {
            "Page.lifecycleEvent" => {
                if params["name"] == "load" {
                    let loader = text(&params["loaderId"]);
                    self.state.send_modify(|state| state.loaded.push(loader));
                }
                None
            }
            // It is shown at once, without a load event.
            "Page.frameNavigated" if params["type"] == "BackForwardCacheRestore" => {
                let loader = text(&params["frame"]["loaderId"]);
                self.state.send_modify(|state| state.loaded.push(loader));
                None
            }
            "Page.javascriptDialogOpening" => complaint_of("dialog", &params["message"]),
            "Page.downloadWillBegin" => complaint_of("download", &params["url"]),
            "Runtime.exceptionThrown" => {
                let details = &params["exceptionDetails"];
                let exception = &details["exception"]["description"];
                complaint_of(
                    "exception",
                    if exception.is_null() {
                        &details["text"]
                    } else {
                        exception
                    },
                )
            }
            "Runtime.consoleAPICalled" => {
                let loud = ["error", "warning", "assert"]
                    .iter()
                    .any(|level| params["type"] == *level);
                loud.then(|| format!("console: {}", params["args"]))
            }
            "Log.entryAdded" => {
                let entry = &params["entry"];
                let loud = entry["level"] == "error" || entry["level"] == "warning";
                loud.then(|| format!("log: {} {}", text(&entry["text"]), text(&entry["url"])))
            }
            "Network.requestWillBeSent" => self.foreign(&params["request"]["url"]),
            _ => None,
        };
        if let Some(complaint) = complaint {
            self.state
                .send_modify(|state| state.complaints.push(complaint));
        }
    }

    /// How many pages have loaded.
    pub(crate) fn count(&self) -> usize {
        self.state.borrow().loaded.len()
    }

    /// Waits until one navigation has come to its end.
    pub(crate) async fn loaded(&self, loader: &str) {
        let there = |state: &State| state.loaded.iter().any(|known| known == loader);
        self.reaches("a page that loads", there).await;
    }

    /// Waits until more than `count` pages have loaded; returns whether they have.
    pub(crate) async fn more_than(&self, count: usize) -> bool {
        let there = |state: &State| state.loaded.len() > count;
        self.waits(there).await
    }

    /// Waits for a complaint with these words, and removes it.
    pub(crate) async fn expect_complaint(&self, words: &str) {
        let there = |state: &State| state.complaints.iter().any(|one| one.contains(words));
        self.reaches(words, there).await;
        self.ignore_complaints(words);
    }

    /// Removes complaints with these words.
    pub(crate) fn ignore_complaints(&self, words: &str) {
        self.state
            .send_modify(|state| state.complaints.retain(|one| !one.contains(words)));
    }

    /// The remaining complaints.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.state.borrow().complaints.clone()
    }

    async fn reaches(&self, what: &str, there: impl FnMut(&State) -> bool) {
        assert!(
            self.waits(there).await,
            "waited in vain for {what}: {:?}",
            self.complaints()
        );
    }

    async fn waits(&self, there: impl FnMut(&State) -> bool) -> bool {
        let mut changes = self.state.subscribe();
        timeout(PATIENCE, changes.wait_for(there)).await.is_ok()
    }

    fn foreign(&self, url: &Value) -> Option<String> {
        let url = text(url);
        let own = url.starts_with(&*self.site) || url.starts_with("data:");
        (!own).then(|| format!("foreign request: {url}"))
    }
}

fn complaint_of(what: impl Display, words: &Value) -> Option<String> {
    Some(format!("{what}: {}", text(words)))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
