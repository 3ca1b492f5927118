//! Commands for workflows, with the samples and with files with faults.

use std::path::PathBuf;

use crate::support::command::User;
use crate::support::ground::Ground;

/// The path of a sample workflow.
pub(crate) fn sample(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/workflows");
    path.join(name).display().to_string()
}

/// A file with this text, in a folder of the test's own.
fn file(test: &str, name: &str, text: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn workflow_files_are_checked_without_settings() {
    let (purchase, invoice) = (sample("purchase.toml"), sample("invoice.toml"));
    let check = |files: &[&str]| User::of(&[]).says(&[&["workflow", "check"], files].concat());
    check(&[&purchase, &invoice])
        .ok()
        .says("purchase is valid, 5 stages")
        .says("invoice is valid, 3 stages");
    let bad = file(
        "check",
        "bad.toml",
        "name = 'w'\nstart = ['a']\n[stages.b]\n",
    );
    let checked = check(&[&purchase, &bad]).failed(1);
    let checked = checked
        .complains(&format!("{bad}:2: `start` names the stage `a`"))
        .complains(&format!("{bad}:3: no way leads"))
        .complains("error: files with faults: 1 of 2");
    assert!(checked.out.is_empty(), "{}", checked.out);
    check(&[&purchase, &purchase])
        .failed(1)
        .complains(":1: the name `purchase` is also used in");
    check(&["/nowhere.toml"])
        .failed(1)
        .complains("/nowhere.toml can't be read");
    check(&[]).failed(2);
}

#[test]
fn an_applied_workflow_is_versioned_and_listed() {
    Ground::test_empty("applying", async |ground| {
        let (purchase, invoice) = (sample("purchase.toml"), sample("invoice.toml"));
        let apply = ["workflow", "apply", &purchase, &invoice];
        ground.refuses(&apply, 1, "run `waybill migrate`");
        ground.waybill(&["migrate"]).ok();
        ground.shows(&["workflow", "list"], "no workflows");
        ground
            .shows(&apply, "purchase version 1 applied")
            .says("invoice version 1 applied");
        ground.shows(&apply, "purchase version 1 unchanged");

        let text = "name = 'invoice'\nstart = ['only']\n[stages.only]\n";
        let changed = file("applying", "invoice.toml", text);
        let bad = file("applying", "bad.toml", "name = 'bad'\n");
        ground
            .waybill(&["workflow", "apply", &changed, &bad])
            .failed(1)
            .complains(&format!("{bad}:1: "))
            .complains("nothing was applied");
        assert_eq!(ground.count("workflow").await, 2);
        ground.shows(
            &["workflow", "apply", &changed],
            "invoice version 2 applied",
        );
        let list = ground.waybill(&["workflow", "list"]).ok();
        list.says("invoice   version 2  ").says("  2 versions");
    });
}

#[test]
fn every_version_of_a_workflow_can_be_shown() {
    Ground::test_migrated("showing", async |ground| {
        let text = "name = 'invoice'\nstart = ['only']\n[stages.only]\n";
        let changed = file("showing", "invoice.toml", text);
        for file in [&sample("purchase.toml"), &sample("invoice.toml"), &changed] {
            ground.waybill(&["workflow", "apply", file]).ok();
        }
        let show = |more: &[&str]| ground.waybill(&[&["workflow", "show"], more].concat());
        show(&["purchase"])
            .ok()
            .says("purchase, version 1 of 20")
            .says("buy (joins all of finance, stock)");
        show(&["invoice"]).ok().says("only");
        let dot = show(&["invoice", "--version", "1", "--dot"]).ok();
        dot.says("digraph \"invoice\"");
        let source = show(&["invoice", "--version", "2", "--source"]).ok();
        assert_eq!(source.out, text);
        let missing = show(&["invoice", "--version", "9"]).failed(4);
        missing.complains("the newest is 2");
        show(&["nothing"])
            .failed(4)
            .complains("waybill workflow list");
    });
}

#[test]
fn workflows_applied_at_the_same_time_create_one_version() {
    Ground::test_migrated("racing", async |ground| {
        let purchase = sample("purchase.toml");
        let answers: Vec<_> = std::thread::scope(|scope| {
            let apply = || ground.waybill(&["workflow", "apply", &purchase]).ok();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(apply)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let applied = answers
            .iter()
            .filter(|answer| answer.out.contains(" applied"));
        assert_eq!(applied.count(), 1);
        assert_eq!(ground.count("workflow").await, 1);
    });
}
