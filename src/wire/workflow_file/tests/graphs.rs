//! Faults of the graph: who is named, who is reached, what joins wait for, and deadlines.

use super::*;

#[test]
fn stages_that_are_named_are_there() {
    check(
        "name = 'w'\nstart = ['revew', 'x']\n[stages.review]\nnext = { yes = ['close', 'close'] }\n",
        &expect![[r#"
            2: `start` names the stage `revew`, which is not there; did you mean `review`?
            2: `start` names the stage `x`, which is not there; add a table for it under `[stages]`, or name another
            3: no way leads from `start` to stage `review`; name it in a `next` or in `start`, or remove it
            4: `next` of stage `review` names the stage `close` twice; remove one
            4: `next` of stage `review` names the stage `close`, which is not there; add a table for it under `[stages]`, or name another
        "#]],
    );
}

#[test]
fn stages_that_are_there_are_reached() {
    check(
        &format!("{SOUND}[stages.c]\nnext = ['d']\n[stages.d]\n"),
        &expect![[r#"
            6: no way leads from `start` to stage `c`; name it in a `next` or in `start`, or remove it
            8: no way leads from `start` to stage `d`; name it in a `next` or in `start`, or remove it
        "#]],
    );
}

#[test]
fn a_join_needs_two_predecessors() {
    check(
        &format!("{SOUND}join = 'any'\n"),
        &expect![[r#"
        6: stage `b` has `join`, and fewer than two predecessors; remove `join`, or lead another branch there
    "#]],
    );
}

#[test]
fn a_join_that_waits_for_its_own_successor_never_completes() {
    check(
        "name = 'w'\nstart = ['a']\nstages.a.next = ['j']\nstages.b.next = ['j']\n[stages.j]\nnext = ['b']\njoin = 'all'\n",
        &expect![[r#"
            7: the join of stage `j` can never complete: it waits for `b`, entered only after it; write `join = "any"`, or remove `join`
        "#]],
    );
}

#[test]
fn a_join_of_branches_that_exclude_each_other_is_left_waiting() {
    check(
        "name = 'w'\nstart = ['a']\n[stages.a]\nnext = { yes = ['b'], no = ['c'] }\n\
         [stages.b]\nnext = ['j']\n[stages.c]\nnext = ['j']\n[stages.j]\njoin = 'all'\n",
        &expect![[r#"
            10: an order can end while the join of stage `j` still waits: `c` arrives and `b` does not (after `no` of `a`); let every way lead through all of them, write `join = "any"`, or remove `join`
        "#]],
    );
}

#[test]
fn a_join_that_waits_for_the_opening_after_a_loop_says_so() {
    check(
        "name = 'w'\nstart = ['a', 'j']\n[stages.a]\nnext = ['j']\n[stages.j]\njoin = 'all'\nnext = { again = ['a'], done = [] }\n",
        &expect![[r#"
            6: an order can end while the join of stage `j` still waits: `a` arrives and the opening does not (after `again` of `j`); let every way lead through all of them, write `join = "any"`, or remove `join`
        "#]],
    );
}

#[test]
fn the_outcome_of_a_deadline_is_one_of_the_stage() {
    check(
        &format!("{SOUND}deadline = '1d'\non_deadline = 'yes'\n[stages.a.form]\n"),
        &expect![[r#"
            7: `on_deadline` in stage `b` can't be `yes`; `next` is a list and has no outcomes: remove it, and the order ends with an error, or make `next` a table
            8: `form` in stage `a` is a table; write each field under a header `[[stages.a.form]]`
        "#]],
    );
    check(
        "name = 'w'\nstart = ['a']\n[stages.a]\nnext = { yes = [], no = [] }\ndeadline = '1d'\non_deadline = 'maybe'\n",
        &expect![[r#"
            6: `on_deadline` in stage `a` can't be `maybe`; the outcomes are `no`, `yes`
        "#]],
    );
    check(
        "name = 'w'\nstart = ['a']\n[stages.a]\nnext = { yes = [], no = [] }\non_deadline = 'no'\n",
        &expect![[r#"
            5: `on_deadline` in stage `a` can't be `no`; add a `deadline`, or remove it
        "#]],
    );
}

#[test]
fn a_choice_has_outcomes() {
    check(
        "name = 'w'\nstart = ['a']\n[stages.a]\nnext = {}\n",
        &expect![[r#"
            4: `next` of stage `a` has 0 outcomes; 1 to 200 are allowed, and without a choice it is a list
        "#]],
    );
}

#[test]
fn a_workflow_has_a_limited_number_of_stages() {
    let many: String = (0..=crate::wire::workflow_file::STAGES_MAX)
        .map(|n| format!("[stages.s{n}]\n"))
        .collect();
    check(
        &format!("name = 'w'\nstart = ['s0']\n{many}"),
        &expect![[r#"
            3: the workflow has 201 stages; 200 are allowed
        "#]],
    );
}
