//! Values that careless or hostile clients send in parameters, headers and names.

/// Names, marks and lists.
const NAMES: &[&str] = &[
    "",
    " ",
    "\u{a0}",
    "'; drop table waybill.process; --",
    "1' or '1'='1",
    "$1",
    "%",
    "_%\\",
    "../../etc/passwd",
    "..",
    "/",
    "a\r\nx-injected: 1",
    "\u{1b}[31mred",
    "\0",
    "<script>alert(1)</script>",
    "caf\u{e9}",
    "cafe\u{301}",
    "\u{feff}bom",
    "\u{202e}txt.exe",
    "%s%n{}$()`",
    "𝕿𝖔𝖐𝖊𝖓",
    "null",
    "now",
    "*",
    "W/\"x\"",
    "\"",
    ",,,",
    "a,b,a",
    "=",
];
/// Times that are invalid, or far off.
const TIMES: &[&str] = &[
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "-9999-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-01-31T12:00:00",
    "2026-01-31T23:59:60Z",
    "2126-01-01T00:00:00Z",
];
/// Numbers, cursors and ranges.
const NUMBERS: &[&str] = &[
    "1769860800",
    "1769860800000",
    "0",
    "-1",
    "1.5",
    "1e400",
    "NaN",
    "9007199254740991",
    "9007199254740993",
    "18446744073709551616",
    "p1c0000000000000000",
    "c1:0:0:0",
    "00000000-0000-0000-0000-000000000000",
    "bytes=0-1,-5",
    "bytes=18446744073709551616-",
];

/// Values for any place.
pub(crate) fn values() -> Vec<Vec<u8>> {
    let long = [200, 201, 255, 256, 2_705].map(|length| vec![b'x'; length]);
    let digits = vec![b'9'; 1_000];
    let no_text: [&[u8]; 3] = [b"\xff", b"\xed\xa0\x80", b"a\xc0\x80b"];
    let texts = [NAMES, TIMES, NUMBERS]
        .concat()
        .into_iter()
        .map(|text| text.as_bytes().to_vec());
    let no_text = no_text.map(<[u8]>::to_vec);
    texts.chain(long).chain([digits]).chain(no_text).collect()
}

/// The value, if a header can carry it.
pub(crate) fn in_header(value: &[u8]) -> Option<String> {
    let text = String::from_utf8(value.to_vec()).ok()?;
    (!text.contains(char::is_control)).then_some(text)
}
