//! Numbers that some reader could not hold.

use expect_test::expect;

use super::*;

#[test]
fn numbers_fit_a_float() {
    let cases = [
        ("NaN", free("NaN")),
        ("infinite", free("-Infinity")),
        ("1e400", free("[1e400]")),
        ("1e308", free("1e308")),
        ("1e-400", free("1e-400")),
        ("0e400", free("0e400")),
        ("1,000 digits", free(&"7".repeat(1_000))),
        (
            "1,000 behind the point",
            free(&format!("0.{}", "7".repeat(1_000))),
        ),
        ("leading zero", free("007")),
        ("2^64", free("18446744073709551616")),
    ];
    expect![[r#"
        NaN: undecodable | - the body is not JSON: expected value at line 1 column 17
        infinite: undecodable | - the body is not JSON: invalid number at line 1 column 18
        1e400: invalid_field | #/data/free/0 contains a number out of the range of a 64-bit float
        1e308: accepted
        1e-400: invalid_field | #/data/free contains a number out of the range of a 64-bit float
        0e400: accepted
        1,000 digits: invalid_field | #/data/free contains a number out of the range of a 64-bit float
        1,000 behind the point: invalid_field | #/data/free contains a number out of the range of a 64-bit float
        leading zero: undecodable | - the body is not JSON: invalid number at line 1 column 18
        2^64: accepted
    "#]].assert_eq(&table(cases));
}

#[test]
fn counts_and_sequences_are_whole_and_bounded() {
    let count = |text: &str| {
        let frame = event("upload.progress", json!({ "done": "HERE" })).to_string();
        (format!("count {text}"), frame.replace("\"HERE\"", text))
    };
    let sequence = |text: &str| {
        let frame = with(step(), "sequence", json!("HERE")).to_string();
        (format!("sequence {text}"), frame.replace("\"HERE\"", text))
    };
    let cases = [
        count("9007199254740991"),
        count("9007199254740992"),
        count("9007199254740993"),
        count("18446744073709551616"),
        count("1e400"),
        count("1e3"),
        count("1.0"),
        count("-1"),
        count("0"),
        count("\"5\""),
        count("true"),
        sequence("0"),
        sequence("9223372036854775807"),
        sequence("9223372036854775808"),
        sequence("-1"),
        sequence("\"5\""),
        sequence("null"),
    ];
    expect![[r#"
        count 9007199254740991: accepted
        count 9007199254740992: accepted
        count 9007199254740993: invalid_field | #/data/done must be at most 2^53
        count 18446744073709551616: invalid_field | #/data/done must be a whole number, 0 or more
        count 1e400: invalid_field | #/data/done contains a number out of the range of a 64-bit float
        count 1e3: invalid_field | #/data/done must be a whole number, 0 or more
        count 1.0: invalid_field | #/data/done must be a whole number, 0 or more
        count -1: invalid_field | #/data/done must be a whole number, 0 or more
        count 0: accepted
        count "5": invalid_field | #/data/done must be a whole number, 0 or more
        count true: invalid_field | #/data/done must be a whole number, 0 or more
        sequence 0: accepted
        sequence 9223372036854775807: accepted
        sequence 9223372036854775808: invalid_field | #/sequence must be under 2^63
        sequence -1: invalid_field | #/sequence must be a whole number, 0 or more
        sequence "5": invalid_field | #/sequence must be a whole number, 0 or more
        sequence null: accepted
    "#]]
    .assert_eq(&table(cases));
}
