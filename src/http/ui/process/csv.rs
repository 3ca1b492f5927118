//! Rows of a table as CSV for spreadsheets (RFC 4180).

/// The first characters that make a spreadsheet interpret a text as a formula, or search it for
/// one.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// One row with its line break. Every cell is quoted. A cell that a spreadsheet would interpret as
/// a formula, because it begins with `=`, `+`, `-`, `@`, a tab or a line break, is prefixed with an
/// apostrophe: its text comes from producers and must not run in the spreadsheet of the reader.
/// Programs that need the texts as received read them from the API.
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
    fn every_cell_is_quoted_and_a_row_ends_with_a_line_break() {
        assert_eq!(row(&["a", "", "b c"]), "\"a\",\"\",\"b c\"\r\n");
        assert_eq!(row(&["1,2", "x\r\ny"]), "\"1,2\",\"x\r\ny\"\r\n");
        assert_eq!(row(&["she said \"no\""]), "\"she said \"\"no\"\"\"\r\n");
        assert_eq!(row(&["größe €"]), "\"größe €\"\r\n");
    }

    #[test]
    fn formulas_are_escaped() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(row(&[cell]), format!("\"'{cell}\"\r\n"));
        }
        for cell in ["a=1", "1-1", "'=1", " x", "a@b.example"] {
            assert_eq!(row(&[cell]), format!("\"{cell}\"\r\n"));
        }
    }
}
