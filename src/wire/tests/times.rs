//! Times of events.

use expect_test::expect;

use super::*;

/// The result of each text as the time of an event.
fn outcomes(texts: &[&str]) -> String {
    lines(texts.iter().map(|text| {
        let body = with(step(), "time", json!(text)).to_string();
        let said = match decode_default(&plain(body.as_bytes())) {
            Ok(accepted) => accepted.event.stamp.time.to_string(),
            Err(rejection) => rejection.problem.detail,
        };
        (format!("{text:?}"), said)
    }))
}

#[test]
fn times_are_rfc_3339_with_a_zone_and_kept_to_the_microsecond() {
    let texts = [
        "2026-01-31T12:00:00Z",
        "2026-01-31t12:00:00z",
        "2026-01-31T12:00:00+05:30",
        "2026-01-31T12:00:00-00:00",
        "2026-01-31T12:00:00.1Z",
        "2026-01-31T12:00:00.123456789Z",
        "2026-01-31T12:00:00.1234567899999Z",
        "2016-12-31T23:59:60Z",
        "2126-01-31T12:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-30T22:00:00Z",
    ];
    expect![[r#"
        "2026-01-31T12:00:00Z": 2026-01-31T12:00:00Z
        "2026-01-31t12:00:00z": 2026-01-31T12:00:00Z
        "2026-01-31T12:00:00+05:30": 2026-01-31T06:30:00Z
        "2026-01-31T12:00:00-00:00": 2026-01-31T12:00:00Z
        "2026-01-31T12:00:00.1Z": 2026-01-31T12:00:00.1Z
        "2026-01-31T12:00:00.123456789Z": 2026-01-31T12:00:00.123456Z
        "2026-01-31T12:00:00.1234567899999Z": 2026-01-31T12:00:00.123456Z
        "2016-12-31T23:59:60Z": 2016-12-31T23:59:59Z
        "2126-01-31T12:00:00Z": #/time is further ahead of the clock than events may be (limits.future); check the producer's clock and unit
        "0001-01-01T00:00:00Z": 0001-01-01T00:00:00Z
        "9999-12-30T22:00:00Z": #/time is further ahead of the clock than events may be (limits.future); check the producer's clock and unit
    "#]]
    .assert_eq(&outcomes(&texts));
}

#[test]
fn what_is_no_such_time_is_refused() {
    let texts = [
        "0001-01-01T00:00:00+00:01",
        "0000-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00Z",
        "2026-01-31",
        "2026-01-31 12:00:00Z",
        "20260131T120000Z",
        "2026-01-31T12:00:00,5Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00+0530",
        "2026-01-31T12:00:00+05:30[Asia/Kolkata]",
        "2026-01-31T12:00:00Z trailing",
        "1700000000",
        "1700000000000",
        "now",
        "",
    ];
    let demand = "#/time must be an RFC 3339 time with its zone, like 2026-01-31T12:00:00Z, \
                  of the years 1 to 9999";
    for line in outcomes(&texts).lines() {
        assert!(line.ends_with(demand), "{line}");
    }
}

#[test]
fn an_event_without_a_time_has_that_of_its_property_and_then_of_its_arrival() {
    let body = without(step(), "time").to_string();
    let mut lines = String::new();
    let seconds = [
        None,
        Some(0),
        Some(1_700_000_000),
        Some(253_402_207_200),
        Some(253_402_207_201),
        Some(1_700_000_000_000),
        Some(u64::MAX),
    ];
    for timestamp in seconds {
        let message = Message {
            timestamp,
            ..plain(body.as_bytes())
        };
        let said = match decode_default(&message) {
            Ok(accepted) => accepted.event.stamp.time.to_string(),
            Err(_) => verdict(&message),
        };
        writeln!(lines, "{timestamp:?}: {said}").unwrap();
    }
    expect![[r#"
        None: 2026-03-01T00:00:00.123456Z
        Some(0): 1970-01-01T00:00:00Z
        Some(1700000000): 2023-11-14T22:13:20Z
        Some(253402207200): invalid_field | - the property timestamp is further ahead of the clock than events may be (limits.future); check the producer's clock and unit
        Some(253402207201): invalid_field | - the property timestamp looks like milliseconds; give seconds
        Some(1700000000000): invalid_field | - the property timestamp looks like milliseconds; give seconds
        Some(18446744073709551615): invalid_field | - the property timestamp looks like milliseconds; give seconds
    "#]].assert_eq(&lines);
}
