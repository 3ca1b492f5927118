//! What a test of the monitor has: a running Waybill that answers, something that publishes to it, and
//! people who look.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use waybill::clock;
use waybill::domain::access::Scope;
use waybill::wire::PlainEvent;

use super::hands::css;
use super::looks::LOOKS;
use super::page::Page;
use crate::http::processes;
use crate::support::client::Client;
use crate::support::ground::Ground;
use crate::support::producer::Producer;
use crate::support::recorder::Audience;
use crate::support::story::SOURCE;
use crate::support::worker::{Plan, Worker};

pub(crate) struct Scene {
    pub(crate) ground: Ground,
    pub(crate) producer: Producer,
    pub(crate) client: Client,
    /// Who says what happens.
    pub(crate) source: &'static str,
    /// Who hears of ends, where anybody does.
    pub(crate) audience: Option<Audience>,
    plan: Plan,
    worker: Worker,
}

impl Scene {
    pub(crate) async fn set(name: &str) -> Self {
        let ground = Ground::shared(&format!("browser-{name}")).await;
        // As long as there is no key everybody on the machine is let in.
        processes::key(&ground, "default", &[Scope::Read]).await;
        let (plan, client) = ground.api_plan().await;
        let plan = plan.roles("worker,relay,janitor,api");
        Self {
            worker: plan.start().await,
            producer: Producer::new(&ground),
            ground,
            client,
            source: SOURCE,
            audience: None,
            plan,
        }
    }

    /// Somebody who has not logged in, on a desk.
    pub(crate) async fn stranger(&self) -> Page {
        let page = Page::of(&self.client.url()).await;
        page.look(LOOKS[0]).await;
        page
    }

    /// Somebody with a new key, at the list of processes.
    pub(crate) async fn viewer(&self, scopes: &[Scope]) -> Page {
        let (key, _) = processes::key(&self.ground, "default", scopes).await;
        let page = self.stranger().await;
        page.goto("/monitor/login").await;
        page.log_in(&key).await;
        page
    }

    /// Publishes what has happened just now.
    pub(crate) async fn tell(&mut self, token: &str, type_: &str, data: Value) {
        self.tell_of(token, type_, 0, data).await;
    }

    /// Publishes what has happened so many seconds ago.
    pub(crate) async fn tell_of(&mut self, token: &str, type_: &str, ago: i64, data: Value) {
        let event = PlainEvent::new(self.source, type_, token, before(ago), data);
        self.producer.events(&[event]).await;
    }

    /// Opens an upload of so many items.
    pub(crate) async fn open(&mut self, token: &str, filename: &str, total: usize) {
        let data = json!({ "filename": filename, "module": "scanner", "total": total });
        self.tell(token, "upload.received", data).await;
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

/// A scene on which nothing runs for the moment.
pub(crate) struct Stopped {
    ground: Ground,
    producer: Producer,
    client: Client,
    plan: Plan,
}

impl Stopped {
    /// The same again, at the same place.
    pub(crate) async fn start(self) -> Scene {
        Scene {
            worker: self.plan.start().await,
            ground: self.ground,
            producer: self.producer,
            client: self.client,
            source: SOURCE,
            audience: None,
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

    /// Waits until it says that it is live.
    pub(crate) async fn is_live(&self) {
        self.wait_until("document.querySelector('#live')?.dataset.state === 'live'")
            .await;
    }

    /// Marks it, so that [`still_there`](Self::still_there) tells whether it was ever loaded again.
    pub(crate) async fn remember(&self) {
        self.evaluate("window.remembered = true").await;
    }

    pub(crate) async fn still_there(&self) {
        let there = self.evaluate("window.remembered === true").await;
        assert_eq!(there, true, "the page was loaded again");
    }
}

/// So many seconds before now.
pub(crate) fn before(seconds: i64) -> Timestamp {
    let ago = SignedDuration::from_secs(seconds);
    clock::now().checked_sub(ago).expect("a time")
}
