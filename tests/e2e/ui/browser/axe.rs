//! Accessibility: axe checks every page for WCAG 2.1 A and AA. It comes from npm in the version of
//! `scripts/accessibility/package-lock.json`.

use serde_json::Value;
use tokio::{process::Command, sync::OnceCell};

use super::page::Page;

/// The rules that axe checks.
const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']";

static AXE: OnceCell<String> = OnceCell::const_new();

impl Page {
    /// Fails with everything that axe finds in the page.
    pub(crate) async fn accessible(&self) {
        let found = self.violations().await;
        let address = self.evaluate("location.href").await;
        assert!(
            found.is_empty(),
            "{address}: axe has found\n{}",
            found.join("\n")
        );
    }

    /// The violations: the rule, its help, and the first elements that violate it.
    pub(crate) async fn violations(&self) -> Vec<String> {
        let source = AXE.get_or_init(source).await;
        // Injected by the debugger: the page's policy stays as it is.
        if self.evaluate("typeof axe").await == "undefined" {
            self.evaluate(source).await;
        }
        let run = format!(
            "axe.run(document, {{
                runOnly: {{ type: 'tag', values: {RULES} }}, resultTypes: ['violations'],
            }}).then(result => result.violations.map(one => `${{one.id}}: ${{one.help}}\\n  `
                + one.nodes.slice(0, 3).map(node => `${{node.html}} (${{node.target}})`).join('\\n  ')))"
        );
        let found = self.evaluate(&run).await;
        let found = found.as_array().expect("a list").iter();
        found.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

async fn source() -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let script = format!("{root}/scripts/npm-modules");
    let output = Command::new(&script).arg("accessibility").output().await;
    let output = output.unwrap_or_else(|error| panic!("{script}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "axe did not come from npm, which the first run needs: {errors}"
    );
    let folder = String::from_utf8(output.stdout).expect("a path");
    let path = format!("{}/node_modules/axe-core/axe.min.js", folder.trim_end());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    // Its value is of no use here.
    format!("{text};0")
}
