//! A tab of the browser, in a context of its own, so that no test sees another's cookies.

use std::time::Instant;

use serde_json::{Value, json};

use super::activity::Activity;
use super::chromium::{Browser, browser};
use crate::support::ground::PATIENCE;

/// Errors of an evaluation during a navigation.
const MOVED_ON: [&str; 4] = [
    "Inspected target navigated",
    "Execution context was destroyed",
    "Cannot find context",
    "Promise was collected",
];

/// A tab; it ends with [`quiet`](Self::quiet).
pub(crate) struct Page {
    browser: &'static Browser,
    context: String,
    session: String,
    site: String,
    activity: Activity,
    finished: bool,
}

impl Page {
    /// An empty tab for the pages of a site (`http://host:port`).
    pub(crate) async fn of(site: &str) -> Self {
        let browser = browser().await;
        let context = text(
            browser,
            "Target.createBrowserContext",
            json!({}),
            "browserContextId",
        );
        let context = context.await;
        let target = json!({ "url": "about:blank", "browserContextId": context });
        let target = text(browser, "Target.createTarget", target, "targetId").await;
        let attach = json!({ "targetId": target, "flatten": true });
        let session = text(browser, "Target.attachToTarget", attach, "sessionId").await;
        let activity = Activity::of(site);
        browser.watch(&session, activity.clone());
        let page = Self {
            browser,
            context,
            session,
            site: site.to_owned(),
            activity,
            finished: false,
        };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({})).await;
        }
        page.call("Page.setLifecycleEventsEnabled", json!({ "enabled": true }))
            .await;
        // As if it were the one in front: the tabs of other tests are open at the same time.
        page.call(
            "Emulation.setFocusEmulationEnabled",
            json!({ "enabled": true }),
        )
        .await;
        page
    }

    /// Goes to a path of the site, or to a whole address, and waits until it has loaded.
    pub(crate) async fn goto(&self, path: &str) {
        let url = match path.strip_prefix('/') {
            Some(_) => format!("{}{path}", self.site),
            None => path.to_owned(),
        };
        let answer = self.call("Page.navigate", json!({ "url": url })).await;
        assert!(answer["errorText"].is_null(), "{url}: {answer}");
        // Without a loader it was another place of the same page.
        if let Some(loader) = answer["loaderId"].as_str() {
            self.activity.loaded(loader).await;
        }
    }

    /// Performs an action that leads to another page, and waits until that has loaded.
    pub(crate) async fn follow(&self, action: impl Future<Output = ()>) {
        let count = self.activity.count();
        action.await;
        if !self.activity.more_than(count).await {
            let here = self.evaluate("location.href").await;
            let text = self.text().await;
            panic!(
                "nothing leads on from {here}:\n{text}\n{:?}",
                self.activity.complaints()
            );
        }
    }

    /// Goes back to where it was before.
    pub(crate) async fn back(&self) {
        self.follow(async {
            self.evaluate("setTimeout(() => history.back()), 0").await;
        })
        .await;
    }

    /// The value of an expression, or of its promise.
    pub(crate) async fn evaluate(&self, expression: &str) -> Value {
        let answer = self.try_evaluate(expression).await;
        answer.unwrap_or_else(|error| panic!("{error}\n{expression}"))
    }

    /// Waits until an expression is true; returns its value.
    pub(crate) async fn wait_until(&self, condition: &str) -> Value {
        let watching = format!(
            "new Promise((met, broken) => {{
                const check = () => {{
                    let value;
                    try {{ value = ({condition}); }} catch (error) {{ end(); broken(error); return; }}
                    if (value) {{ end(); met(value); }}
                }};
                const observer = new MutationObserver(check);
                const timer = setInterval(check, 50);
                const late = setTimeout(() => {{ end(); met(null); }}, {});
                const end = () => {{ observer.disconnect(); clearInterval(timer); clearTimeout(late); }};
                observer.observe(document, {{
                    attributes: true, characterData: true, childList: true, subtree: true }});
                check();
            }})",
            PATIENCE.as_millis() / 2
        );
        let began = Instant::now();
        loop {
            match self.try_evaluate(&watching).await {
                Ok(value) if !value.is_null() => return value,
                // The next page is waited on again.
                Err(error)
                    if MOVED_ON.iter().any(|one| error.contains(one))
                        && began.elapsed() < PATIENCE => {}
                answer => panic!(
                    "waited in vain until {condition}: {answer:?}\n{}\n{:?}",
                    self.text().await,
                    self.activity.complaints()
                ),
            }
        }
    }

    /// Waits until it is at a path.
    pub(crate) async fn is_at(&self, path: &str) {
        let there = format!("location.pathname === '{path}'");
        self.wait_until(&there).await;
    }

    /// Waits until the page shows these words.
    pub(crate) async fn shows(&self, words: &str) {
        let words = json!(words);
        let shown = format!("document.body.innerText.includes({words})");
        self.wait_until(&shown).await;
    }

    /// What the page shows.
    pub(crate) async fn text(&self) -> String {
        let text = self.evaluate("document.body.innerText").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Enables or disables scripts.
    pub(crate) async fn scripts(&self, allowed: bool) {
        let disabled = json!({ "value": !allowed });
        self.call("Emulation.setScriptExecutionDisabled", disabled)
            .await;
    }

    /// Waits for a complaint with these words, which the test expects.
    pub(crate) async fn expect_complaint(&self, words: &str) {
        self.activity.expect_complaint(words).await;
    }

    /// Ignores complaints with these words, if there are any.
    pub(crate) fn ignore_complaints(&self, words: &str) {
        self.activity.ignore_complaints(words);
    }

    /// Closes it, and checks that there were no complaints: no error or warning in the console, no
    /// exception, no dialog, no download, no foreign request.
    pub(crate) async fn quiet(mut self) {
        self.finished = true;
        // What comes before the answer has been noted with it.
        self.evaluate("1").await;
        let complaints = self.activity.complaints();
        assert!(
            complaints.is_empty(),
            "the page was not quiet: {complaints:#?}"
        );
    }

    /// Closes it, with any complaints.
    pub(crate) fn abandon(mut self) {
        self.finished = true;
    }

    /// Sends a command to the tab.
    pub(crate) async fn call(&self, method: &str, params: Value) -> Value {
        let answer = self.browser.call(Some(&self.session), method, params).await;
        answer.unwrap_or_else(|error| panic!("{error}\n{:?}", self.activity.complaints()))
    }

    async fn try_evaluate(&self, expression: &str) -> Result<Value, String> {
        let params = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true,
        });
        let session = Some(self.session.as_str());
        let mut answer = self
            .browser
            .call(session, "Runtime.evaluate", params)
            .await?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(details.to_string()),
            None => Ok(answer["result"]["value"].take()),
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.browser.forget(&self.session);
        let context = json!({ "browserContextId": self.context });
        self.browser
            .notify(None, "Target.disposeBrowserContext", context);
        let fine = self.finished || std::thread::panicking();
        assert!(fine, "a test with a page ends with quiet(), and in time");
    }
}

async fn text(browser: &Browser, method: &str, params: Value, key: &str) -> String {
    let answer = browser.call(None, method, params).await.expect(method);
    answer[key].as_str().expect(key).to_owned()
}
