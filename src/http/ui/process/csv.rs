//! Rows of a table as text that spreadsheets read (RFC 4180).

/// What makes a spreadsheet take a text for a formula, or look behind it for one.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// One row, with its end. Every cell is quoted, so nothing in it means anything. A cell that a
/// spreadsheet would take for a formula, because it begins with `=`, `+`, `-`, `@`, a tab or a line
/// break, gets an apostrophe before it: what is in it came from anybody, and must not be run by
/// whoever opens the file. Programs that want texts as they came ask the API for them.
pub(super) fn row(cells: &[&str]) -> String {
    let mut row = String::new();
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            row.push(',');
        }
        row.push('"');
        if cell.starts_with(FORMULA) {
            row.push('\'');
        }
        row.push_str(&cell.replace('"', "\"\""));
        row.push('"');
    }
    row.push_str("\r\n");
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_quoted_and_ends_as_rows_do() {
        assert_eq!(row(&["a", "", "b c"]), "\"a\",\"\",\"b c\"\r\n");
        assert_eq!(row(&["1,2", "x\r\ny"]), "\"1,2\",\"x\r\ny\"\r\n");
        assert_eq!(row(&["she said \"no\""]), "\"she said \"\"no\"\"\"\r\n");
        assert_eq!(row(&["größe €"]), "\"größe €\"\r\n");
    }

    #[test]
    fn what_would_be_a_formula_is_a_text() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(row(&[cell]), format!("\"'{cell}\"\r\n"));
        }
        for cell in ["a=1", "1-1", "'=1", " x", "a@b.example"] {
            assert_eq!(row(&[cell]), format!("\"{cell}\"\r\n"));
        }
    }
}
