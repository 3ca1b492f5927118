//! One pass over the raw text for what a JSON parser accepts and the database does not: depth,
//! `\u0000`, lone surrogates, numbers beyond a float.
//!
//! It assumes nothing about the syntax; what is not JSON is left to the parser.

/// What the scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonFault {
    /// Nested deeper than allowed.
    TooDeep,
    /// The escape of the character NUL.
    Nul,
    /// The escape of half a surrogate pair.
    LoneSurrogate,
    /// A number that no 64-bit float holds, or with too many digits to be one.
    Number,
}

/// Digits of a number: all of the greatest float's, and its fraction.
const NUMBER_CHARS_MAX: usize = 400;

/// Scans the whole text; returns the first fault with its offset.
pub(super) fn scan(text: &str, nesting: usize) -> Result<(), (JsonFault, usize)> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at)?,
            b'{' | b'[' => {
                depth += 1;
                if depth > nesting {
                    return Err((JsonFault::TooDeep, at));
                }
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b'-' | b'0'..=b'9' => at = number_end(text, at)?,
            _ => at += 1,
        }
    }
    Ok(())
}

/// The offset behind the string that starts here.
pub(super) fn string_end(bytes: &[u8], start: usize) -> Result<usize, (JsonFault, usize)> {
    let mut at = start + 1;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(ahead) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else {
            return Ok(bytes.len());
        };
        at += ahead;
        match bytes.get(at) {
            Some(b'\\') => at = escape_end(bytes, at)?,
            Some(_) | None => return Ok(at + 1),
        }
    }
}

/// The offset behind the escape that starts here; a surrogate pair is one escape.
fn escape_end(bytes: &[u8], start: usize) -> Result<usize, (JsonFault, usize)> {
    match unit(bytes, start) {
        None => Ok(start + 2),
        Some(0) => Err((JsonFault::Nul, start)),
        Some(0xD800..=0xDBFF) => match unit(bytes, start + 6) {
            Some(0xDC00..=0xDFFF) => Ok(start + 12),
            Some(_) | None => Err((JsonFault::LoneSurrogate, start)),
        },
        Some(0xDC00..=0xDFFF) => Err((JsonFault::LoneSurrogate, start)),
        Some(_) => Ok(start + 6),
    }
}

/// The UTF-16 unit of a `\uXXXX` that starts here.
fn unit(bytes: &[u8], start: usize) -> Option<u32> {
    let escape = bytes.get(start..start + 6)?;
    let digits = escape.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, &digit| {
        Some(unit * 16 + char::from(digit).to_digit(16)?)
    })
}

/// The offset behind the number that starts here.
fn number_end(text: &str, start: usize) -> Result<usize, (JsonFault, usize)> {
    let rest = text.get(start..).unwrap_or_default();
    let length = rest
        .bytes()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        .unwrap_or(rest.len());
    let number = rest.get(..length).unwrap_or_default();
    let short = length < 20;
    if short && !number.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        return Ok(start + length);
    }
    if length > NUMBER_CHARS_MAX || !fits_a_float(number) {
        return Err((JsonFault::Number, start));
    }
    Ok(start + length)
}

/// Neither infinite nor rounded to zero. What is no number at all is left to the parser.
fn fits_a_float(number: &str) -> bool {
    let Ok(value) = number.parse::<f64>() else {
        return true;
    };
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = !mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    value.is_finite() && (is_zero || value != 0.0)
}
