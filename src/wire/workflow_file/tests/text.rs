//! Faults of the text: bytes, syntax, keys, types, names, durations.

use super::*;

#[test]
fn text_that_is_not_toml_is_reported_with_its_line() {
    check(
        "name = 'w'\nstart = ['a'\n[stages.a]\n",
        &expect![[r#"
        3: not TOML: missing comma between array elements, expected `,`
        3: not TOML: string values must be quoted, expected literal string
        3: not TOML: unclosed array, expected `]`
    "#]],
    );
    check(
        "name = w\n[stages.a\nx y\n",
        &expect![[r#"
        1: not TOML: string values must be quoted, expected literal string
        2: not TOML: unclosed table, expected `]`
        3: not TOML: key with no value, expected `=`
    "#]],
    );
}

#[test]
fn bytes_that_are_not_utf_8_are_reported_with_their_line() {
    let faults = read(b"name = 'w'\n# \xff\n").unwrap_err();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].line, 2);
    assert!(faults[0].message.contains("UTF-8"));
}

#[test]
fn a_file_that_is_too_long_is_refused_unread() {
    let faults = read(&vec![b'#'; crate::wire::workflow_file::FILE_BYTES_MAX + 1]).unwrap_err();
    assert!(faults[0].message.contains("longer than"), "{faults:?}");
}

#[test]
fn what_is_given_twice_is_named() {
    check(
        &format!("{SOUND}[stages.a] # again\njoin = 'any'\njoin = 'all'\nnext = ['c']\n"),
        &expect![[r#"
            6: `[stages.a]` is given a second time; rename or remove one
            8: `join` is given a second time; rename or remove one
            9: `next` is given a second time; rename or remove one
        "#]],
    );
}

#[test]
fn an_empty_file_misses_everything() {
    check(
        "",
        &expect![[r#"
        1: the workflow has no `name`; add `name = "purchase"`
        1: the workflow has no `start`; add `start = ["review"]`
        1: the workflow has no stages; add a table `[stages.review]`
    "#]],
    );
}

#[test]
fn unknown_keys_are_refused_with_the_one_that_was_meant() {
    check(
        &format!(
            "colour = 'red'\n{SOUND}joins = 'all'\n[[form]]\nid = 'f'\ntype = 'text'\ndeadline = '1d'\n"
        ),
        &expect![[r#"
            1: unknown key `colour` in the workflow; its keys are `name`, `kind`, `start`, `deadline`, `settle`, `retention`, `form`, `stages`
            7: unknown key `joins` in stage `b`; did you mean `join`?
            11: unknown key `deadline` in field `f`; keys of the workflow go above the first `[`
        "#]],
    );
}

#[test]
fn a_value_of_the_wrong_type_is_reported_with_what_it_is_and_should_be() {
    check(
        "name = 7\nkind = 'upload'\nstart = 'a'\ndeadline = 14\nsettle = 2026-11-22\nform = {}\n\
         stages.a = []\nstages.b.join = true\nstages.c.next = ['d', 1]\nstages.d.next = 'a'\n\
         stages.e.form = [1]\n",
        &expect![[r#"
            1: `name` in the workflow is a number; write a text in quotes
            2: `kind` can't be `upload`; write `kind = "order"`
            3: `start` in the workflow is a text; write a list of texts such as `["a", "b"]`
            4: `deadline` in the workflow is a number; write a text in quotes
            5: `settle` in the workflow is a date or time; write a text in quotes
            6: `form` in the workflow is a table; write each field under a header `[[form]]`
            7: `stages.a` in the workflow is a list; write a stage under a header `[stages.a]`
            8: `join` in stage `b` is true or false; write a text in quotes
            9: `next` in stage `c` is a number; write only texts in quotes into the list
            10: `next` in stage `d` is a text; write a list such as `["close"]`, or a table of outcomes such as `{ accepted = ["close"], refused = [] }`
            11: `form` in stage `e` is a number; write each field under a header `[[stages.e.form]]`
        "#]],
    );
    check(
        "name = 'w'\nstart = []\nstages = 'none'\n",
        &expect![[r#"
            2: `start` is empty; name the stages that opening enters
            3: `stages` in the workflow is a text; write each stage under a header such as `[stages.review]`
        "#]],
    );
}

#[test]
fn names_fit_into_routing_keys() {
    let long = "x".repeat(101);
    check(
        &format!(
            "name = 'a.b'\nstart = ['', 'ä']\n[stages.'']\n[stages.\"ä\"]\nnext = ['{long}']\n[stages.{long}]\n"
        ),
        &expect![[r#"
            1: the name of the workflow can't be `a.b`; use 1 to 100 letters `a` to `z`, digits, `_` and `-`
            3: the name of a stage can't be ``; use 1 to 100 letters `a` to `z`, digits, `_` and `-`
            4: the name of a stage can't be `ä`; use 1 to 100 letters `a` to `z`, digits, `_` and `-`
            6: the name of a stage can't be `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`; use 1 to 100 letters `a` to `z`, digits, `_` and `-`
        "#]],
    );
}

#[test]
fn the_name_of_orders_without_a_workflow_is_reserved() {
    check(
        "name = 'order'\nstart = ['a']\n[stages.a]\n",
        &expect![[r#"
            1: the name `order` is reserved for orders without a workflow; choose another
        "#]],
    );
}

#[test]
fn a_fault_repeats_no_control_characters() {
    let faults = read(b"name = \"\\u001b[2J\"\n").unwrap_err();
    assert!(faults.iter().all(|fault| !fault.message.contains('\u{1b}')));
}

#[test]
fn durations_have_a_unit_and_bounds() {
    check(
        &format!(
            "deadline = '1 week'\nsettle = '2000d'\nretention = '1ms'\n{SOUND}deadline = '0s'\n"
        ),
        &expect![[r#"
            1: `deadline` in the workflow can't be `1 week`; write a duration from 1ms to 3650d, such as `"250ms"`, `"30m"`, `"12h"` or `"2d"`
            2: `settle` in the workflow can't be `2000d`; write a duration from 1ms to 365d, such as `"250ms"`, `"30m"`, `"12h"` or `"2d"`
            3: `retention` in the workflow can't be `1ms`; write a duration from 1s to 36500d, such as `"250ms"`, `"30m"`, `"12h"` or `"2d"`
            9: `deadline` in stage `b` can't be `0s`; write a duration from 1ms to 3650d, such as `"250ms"`, `"30m"`, `"12h"` or `"2d"`
        "#]],
    );
}

#[test]
fn not_more_faults_are_listed_than_people_read() {
    let lines: String = (0..500).map(|n| format!("k{n} = 1\n")).collect();
    let faults = read(lines.as_bytes()).unwrap_err();
    assert_eq!(faults.len(), crate::wire::workflow_file::FAULTS_MAX + 1);
    let last = faults.last().unwrap();
    assert!(last.message.contains("are not listed"), "{last:?}");
}

#[test]
fn hostile_files_end_in_faults() {
    for file in [
        "[".repeat(1 << 16),
        "a.".repeat(1 << 16),
        "x = ".to_owned() + &"[".repeat(1 << 16),
        "\"\\u".repeat(1 << 14),
    ] {
        assert!(read(file.as_bytes()).is_err());
    }
}
