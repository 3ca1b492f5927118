//! Faults of forms.

use super::*;

#[test]
fn a_field_has_an_id_and_a_known_type() {
    check(
        &format!(
            "{SOUND}[[form]]\n[[form]]\nid = 'f'\ntype = 'numbr'\n[[form]]\nid = 'g'\ntype = 'blob'\nrequired = 'yes'\n"
        ),
        &expect![[r#"
            6: a field of the workflow has no `id`; add `id = "amount"`
            6: a field of the workflow has no `type`; add `type = "text"`
            9: field `f` has the unknown type `numbr`; did you mean `number`?
            12: field `g` has the unknown type `blob`; the types are `text`, `number`, `boolean`, `date`, `choice`, `list`, `file`
            13: `required` in field `g` is a text; write `true` or `false`
        "#]],
    );
}

#[test]
fn ids_are_unique_within_a_form() {
    check(
        &format!(
            "{SOUND}[[stages.b.form]]\nid = 'f'\ntype = 'text'\n[[stages.b.form]]\nid = 'f'\ntype = 'text'\n"
        ),
        &expect![[r#"
            10: a field of stage `b` has the id `f`, which the form has already; rename or remove one
        "#]],
    );
}

#[test]
fn a_field_of_two_forms_has_one_type() {
    let field = |form: &str, kind: &str| format!("[[{form}]]\nid = 'f'\ntype = '{kind}'\n");
    let same = format!(
        "{SOUND}{}{}",
        field("form", "text"),
        field("stages.b.form", "text")
    );
    assert!(read(same.as_bytes()).is_ok());
    check(
        &format!(
            "{SOUND}{}{}",
            field("form", "text"),
            field("stages.b.form", "date")
        ),
        &expect![[r#"
            10: field `f` has the type `date` here and `text` in line 7; an order has one value for it, so rename one or give both the same type
        "#]],
    );
}

#[test]
fn choices_belong_to_the_type_choice_and_only_there() {
    check(
        &format!(
            "{SOUND}[[form]]\nid = 'f'\ntype = 'choice'\n[[form]]\nid = 'g'\ntype = 'text'\nchoices = ['a']\n\
             [[form]]\nid = 'h'\ntype = 'choice'\nchoices = []\n[[form]]\nid = 'i'\ntype = 'choice'\nchoices = ['a', 'a', '']\n"
        ),
        &expect![[r#"
            8: field `f` has no `choices`; add them: `choices = ["low", "high"]`
            12: field `g` has `choices` and the type `text`; remove them, or write `type = "choice"`
            16: `choices` in field `h` has 0 entries; 1 to 200 are allowed
            20: `choices` in field `i` has `a` twice; remove one
            20: a choice can't be ``; use 1 to 200 bytes without control characters
        "#]],
    );
}

#[test]
fn a_form_is_a_list_of_tables_within_a_limit() {
    check(
        &format!("form = ['a']\n{SOUND}[stages.b.form]\nid = 'f'\n"),
        &expect![[r#"
            1: `form` in the workflow is a text; write each field under a header `[[form]]`
            7: `form` in stage `b` is a table; write each field under a header `[[stages.b.form]]`
        "#]],
    );
    let field = |n: usize| format!("[[form]]\nid = 'f{n}'\ntype = 'text'\n");
    let many: String = (0..=crate::wire::workflow_file::FIELDS_MAX)
        .map(field)
        .collect();
    check(
        &format!("{SOUND}{many}"),
        &expect![[r#"
        6: the form of the workflow has 201 fields; 200 are allowed
    "#]],
    );
}
