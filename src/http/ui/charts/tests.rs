//! Pictures of small series: without values, with few, with a gap, and with huge ones.

use expect_test::expect;
use jiff::Timestamp;

use super::chart::{Chart, ChartLine, ChartStyle};
use super::unit::Unit;

const START: &str = "2026-11-22T12:13:00Z";

fn chart(form: ChartStyle, unit: Unit, lines: &[(&'static str, &[Option<f64>])]) -> Chart {
    let lines = lines
        .iter()
        .enumerate()
        .map(|(mark, (name, values))| ChartLine {
            name,
            mark,
            values: values.to_vec(),
        });
    Chart {
        id: "some",
        name: "Some",
        about: "What it shows.",
        unit,
        form,
        start: START.parse::<Timestamp>().unwrap(),
        lines: lines.collect(),
    }
}

/// The elements of a picture with their texts, one per line, without the grid.
fn drawn(form: ChartStyle, unit: Unit, lines: &[(&'static str, &[Option<f64>])]) -> String {
    let drawn = chart(form, unit, lines).draw().into_string();
    let picture = drawn.split_once("<svg role").expect("a picture").1;
    let (picture, _) = picture.split_once("</svg>").expect("its end");
    let left_out = ["/", "pattern", "line class=\"grid\""];
    let is_shown = |element: &&str| !left_out.iter().any(|begin| element.starts_with(begin));
    let elements: Vec<_> = picture.split('<').filter(is_shown).collect();
    elements.join("\n")
}

const LINES: ChartStyle = ChartStyle::Lines;

#[test]
fn a_line_is_broken_where_nothing_is_known() {
    let values = [
        Some(1.0),
        Some(3.0),
        None,
        Some(2.0),
        None,
        Some(0.0),
        Some(4.0),
    ];
    expect![[r#"
        ="img" aria-label="Some in the last hour; one: latest 4, highest 4" viewBox="0 0 400 190">
        text class="tick" x="47" y="165.0" dy="4" text-anchor="end">0
        text class="tick" x="47" y="126.2" dy="4" text-anchor="end">1
        text class="tick" x="47" y="87.5" dy="4" text-anchor="end">2
        text class="tick" x="47" y="48.8" dy="4" text-anchor="end">3
        text class="tick" x="47" y="10.0" dy="4" text-anchor="end">4
        text class="tick" x="146.3" y="183" text-anchor="middle">12:15
        path class="line n0" d="M75.6 126.2L122.7 48.8M311.3 165.0L358.4 10.0">
        circle class="dot n0" cx="217.0" cy="87.5" r="2.5">"#]]
    .assert_eq(&drawn(LINES, Unit::Count, &[("one", &values)]));
}

#[test]
fn one_point_is_a_dot() {
    let values = [None, Some(0.25), None];
    expect![[r#"
        ="img" aria-label="Some in the last hour; p50: latest not known, highest 250 ms" viewBox="0 0 400 190">
        text class="tick" x="47" y="165.0" dy="4" text-anchor="end">0 s
        text class="tick" x="47" y="113.3" dy="4" text-anchor="end">100 ms
        text class="tick" x="47" y="61.7" dy="4" text-anchor="end">200 ms
        text class="tick" x="47" y="10.0" dy="4" text-anchor="end">300 ms
        text class="tick" x="272.0" y="183" text-anchor="middle">12:15
        circle class="dot n0" cx="217.0" cy="35.8" r="2.5">"#]]
    .assert_eq(&drawn(LINES, Unit::Seconds, &[("p50", &values)]));
}

#[test]
fn zeros_lie_on_the_baseline() {
    let values = [Some(0.0); 3];
    expect![[r#"
        ="img" aria-label="Some in the last hour; applied: latest 0/s, highest 0/s" viewBox="0 0 400 190">
        text class="tick" x="47" y="165.0" dy="4" text-anchor="end">0/s
        text class="tick" x="47" y="10.0" dy="4" text-anchor="end">1/s
        text class="tick" x="272.0" y="183" text-anchor="middle">12:15
        path class="line n0" d="M107.0 165.0L217.0 165.0L327.0 165.0">"#]]
    .assert_eq(&drawn(LINES, Unit::PerSecond, &[("applied", &values)]));
}

#[test]
fn huge_values_stay_within_the_picture() {
    let values = [Some(1.8e19), Some(9e18)];
    expect![[r#"
        ="img" aria-label="Some in the last hour; huge: latest 9 E, highest 18 E" viewBox="0 0 400 190">
        text class="tick" x="47" y="165.0" dy="4" text-anchor="end">0
        text class="tick" x="47" y="126.2" dy="4" text-anchor="end">5 E
        text class="tick" x="47" y="87.5" dy="4" text-anchor="end">10 E
        text class="tick" x="47" y="48.8" dy="4" text-anchor="end">15 E
        text class="tick" x="47" y="10.0" dy="4" text-anchor="end">20 E
        path class="line n0" d="M134.5 25.5L299.5 95.2">"#]]
    .assert_eq(&drawn(LINES, Unit::Count, &[("huge", &values)]));
}

#[test]
fn bars_are_stacked() {
    let lines: [(&str, &[Option<f64>]); 3] = [
        ("done", &[Some(2.0), None, Some(1.0)]),
        ("warning", &[Some(0.0), None, Some(0.0)]),
        ("error", &[Some(1.0), None, Some(0.0)]),
    ];
    expect![[r#"
        ="img" aria-label="Some in the last hour; done: latest 1, highest 2; warning: latest 0, highest 0; error: latest 0, highest 1" viewBox="0 0 400 190">
        text class="tick" x="47" y="165.0" dy="4" text-anchor="end">0
        text class="tick" x="47" y="113.3" dy="4" text-anchor="end">1
        text class="tick" x="47" y="61.7" dy="4" text-anchor="end">2
        text class="tick" x="47" y="10.0" dy="4" text-anchor="end">3
        text class="tick" x="272.0" y="183" text-anchor="middle">12:15
        defs>
        path class="ink n0" d="M0 0h4v4h-4z">
        path class="ink n1" d="M-1 1l2-2M0 4l4-4M3 5l2-2">
        path class="ink n2" d="M0 0l4 4M4 0l-4 4M0 2h4">
        path class="bar n0" fill="url(#fill-0)" d="M52.4 165.0v-103.3h109.2v103.3zM272.4 165.0v-51.7h109.2v51.7z">
        path class="bar n2" fill="url(#fill-2)" d="M52.4 61.7v-51.7h109.2v51.7z">"#]]
    .assert_eq(&drawn(ChartStyle::Stacked, Unit::Count, &lines));
}

#[test]
fn a_chart_without_values_is_not_drawn() {
    let drawn = chart(LINES, Unit::Count, &[("one", &[None; 60])]).draw();
    let drawn = drawn.into_string();
    assert!(drawn.contains("No samples yet"), "{drawn}");
    assert!(
        !drawn.contains("<svg") && !drawn.contains("<table"),
        "{drawn}"
    );
}

#[test]
fn the_numbers_are_listed_below_the_picture() {
    let drawn = chart(
        LINES,
        Unit::PerSecond,
        &[("applied", &[Some(0.5), None, Some(1234.5)])],
    );
    let drawn = drawn.draw().into_string();
    let sentence = "Some in the last hour; applied: latest 1234/s, highest 1234/s";
    assert!(drawn.contains(sentence), "{drawn}");
    let (_, body) = drawn.split_once("<tbody>").expect("a table");
    let cells = body.split('<').filter_map(|part| part.split_once('>'));
    let cells: Vec<_> = cells
        .map(|(_, text)| text)
        .filter(|text| !text.is_empty())
        .collect();
    assert_eq!(cells, ["12:15", "1234.5", "12:14", "–", "12:13", "0.5"]);
    assert!(!drawn.contains("style="), "{drawn}");
}
