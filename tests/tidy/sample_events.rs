//! The sample events of `examples/events` are what their README says.

use std::fs;
use std::path::Path;

use waybill::wire::Limits;
use waybill::wire::encode::plain_event;

/// The outcome of every line of a file: its event type, or the reason of its refusal.
fn outcomes_of(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/events")
        .join(file);
    let text = fs::read_to_string(path).expect("the file is there");
    let now = "2026-01-31T12:00:00Z".parse().expect("a time");
    let outcome = |line| match plain_event::check_line(line, &Limits::default(), now) {
        Ok(accepted) => accepted.type_name.to_owned(),
        Err(rejection) => rejection.reason.name().to_owned(),
    };
    text.lines().map(outcome).collect()
}

#[test]
fn good_samples_are_accepted() {
    for file in [
        "upload-done",
        "upload-warning",
        "upload-failed",
        "upload-cancelled",
        "out-of-order",
    ] {
        for outcome in outcomes_of(&format!("{file}.jsonl")) {
            assert!(outcome.starts_with("upload."), "{file}: {outcome}");
        }
    }
    for file in ["order-done", "order-escalated"] {
        let order = outcomes_of(&format!("{file}.jsonl"));
        let (opened, pushed) = order.split_first().expect("it is not empty");
        assert_eq!(opened, "order.opened");
        assert!(
            pushed.iter().all(|outcome| outcome == "order.pushed"),
            "{order:?}"
        );
    }
}

#[test]
fn every_bad_sample_is_refused_for_its_own_reason() {
    let reasons = [
        "missing_identity",
        "missing_token",
        "unknown_type",
        "invalid_field",
        "limit_exceeded",
        "too_deep",
    ];
    assert_eq!(outcomes_of("bad.jsonl"), reasons);
}
