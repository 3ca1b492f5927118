//! What a test of the monitor uses: a running worker with the API, a producer, and pages.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use waybill::clock;
use waybill::domain::access::Scope;
use waybill::wire::PlainEvent;

use super::appearance::LOOKS;
use super::input::css;
use super::page::Page;
use crate::http::processes;
use crate::support::client::Client;
use crate::support::ground::{Ground, run};
use crate::support::producer::Producer;
use crate::support::recorder::Recorder;
use crate::support::story::SOURCE;
use crate::support::worker::{Plan, Worker};

pub(crate) struct Scene {
    pub(crate) ground: Ground,
    pub(crate) producer: Producer,
    pub(crate) client: Client,
    /// The source of the events.
    pub(crate) source: &'static str,
    /// The consumer of completions, if there is one.
    pub(crate) recorder: Option<Recorder>,
    plan: Plan,
    worker: Worker,
}

impl Scene {
    /// Runs a test on a scene of its own.
    pub(crate) fn play(name: &str, test: impl AsyncFnOnce(&mut Self)) {
        run(async {
            let mut scene = Self::set(name).await;
            test(&mut scene).await;
            scene.end().await;
        });
    }

    pub(crate) async fn set(name: &str) -> Self {
        let ground = Ground::shared(&format!("browser-{name}")).await;
        // Without any key every client on the machine has access.
        processes::key(&ground, "default", &[Scope::Read]).await;
        let (plan, client) = ground.api_plan().await;
        let plan = plan.roles("worker,relay,janitor,api");
        Self {
            worker: plan.start().await,
            producer: Producer::new(&ground),
            ground,
            client,
            source: SOURCE,
            recorder: None,
            plan,
        }
    }

    /// A page without a login, in desktop size.
    pub(crate) async fn stranger(&self) -> Page {
        let page = Page::of(&self.client.url()).await;
        page.look(LOOKS[0]).await;
        page
    }

    /// A page logged in with a new key, at the list of processes.
    pub(crate) async fn viewer(&self, scopes: &[Scope]) -> Page {
        let (key, _) = processes::key(&self.ground, "default", scopes).await;
        let page = self.stranger().await;
        page.goto("/monitor/login").await;
        page.log_in(&key).await;
        page
    }

    /// Publishes an event of this moment.
    pub(crate) async fn publish(&mut self, token: &str, type_: &str, data: Value) {
        self.publish_ago(token, type_, 0, data).await;
    }

    /// Publishes an event of `ago` seconds ago.
    pub(crate) async fn publish_ago(&mut self, token: &str, type_: &str, ago: i64, data: Value) {
        let event = PlainEvent::new(self.source, type_, token, before(ago), data);
        self.producer.events(&[event]).await;
    }

    /// Opens an upload of `total` items.
    pub(crate) async fn open(&mut self, token: &str, filename: &str, total: usize) {
        let data = json!({ "filename": filename, "module": "scanner", "total": total });
        self.publish(token, "upload.received", data).await;
    }

    /// Stops Waybill; the pages stay open.
    pub(crate) async fn stop(self) -> Stopped {
        self.worker.stop().await;
        Stopped {
            ground: self.ground,
            producer: self.producer,
            client: self.client,
            plan: self.plan,
        }
    }

    pub(crate) async fn end(self) {
        self.worker.stop().await;
    }
}

/// A scene without a running worker.
pub(crate) struct Stopped {
    ground: Ground,
    producer: Producer,
    client: Client,
    plan: Plan,
}

impl Stopped {
    /// Starts the same worker at the same address.
    pub(crate) async fn start(self) -> Scene {
        Scene {
            worker: self.plan.start().await,
            ground: self.ground,
            producer: self.producer,
            client: self.client,
            source: SOURCE,
            recorder: None,
            plan: self.plan,
        }
    }
}

impl Page {
    /// Fills in the form for a key and sends it.
    pub(crate) async fn log_in(&self, key: &str) {
        self.fill(&css("#key"), key).await;
        self.follow(self.press("Enter")).await;
    }

    /// Waits until the page is live.
    pub(crate) async fn is_live(&self) {
        self.wait_until("document.querySelector('#live')?.dataset.state === 'live'")
            .await;
    }

    /// Marks it, so that [`still_there`](Self::still_there) detects a reload.
    pub(crate) async fn remember(&self) {
        self.evaluate("window.remembered = true").await;
    }

    pub(crate) async fn still_there(&self) {
        let there = self.evaluate("window.remembered === true").await;
        assert_eq!(there, true, "the page was loaded again");
    }
}

/// The time this many seconds ago.
pub(crate) fn before(seconds: i64) -> Timestamp {
    let ago = SignedDuration::from_secs(seconds);
    clock::now().checked_sub(ago).expect("a time")
}
