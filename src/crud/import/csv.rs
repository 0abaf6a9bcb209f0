//! Comma-separated values (RFC 4180), read strictly and cell by cell. No library for it tells an
//! empty cell, which is null, from an empty text in quotes.

use super::rows::{Cell, Content, MAX_COLUMNS, Position, Row};

/// A reader of lines of cells.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        // A byte order mark is no part of the first name.
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        Self {
            bytes,
            at: 0,
            line: 1,
        }
    }

    pub(super) fn position(&self) -> Position {
        Position {
            at: self.at,
            line: self.line,
        }
    }

    pub(super) fn go(&mut self, to: Position) {
        (self.at, self.line) = (to.at, to.line);
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Whether the line ends here; then it is left behind.
    fn ends(&mut self) -> bool {
        let length = match &self.bytes[self.at..] {
            [] => 0,
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return false,
        };
        self.at += length;
        self.line += u64::from(length > 0);
        true
    }

    /// Goes on after the end of this line, to read what comes after a fault.
    fn skip(&mut self) {
        while self.at < self.bytes.len() && !self.ends() {
            self.at += 1;
        }
    }

    fn cell(&mut self) -> Result<Cell, (&'static str, &'static str)> {
        if self.peek() == Some(b'"') {
            return self.quoted();
        }
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b',' | b'\n' => break,
                b'\r' if self.bytes.get(self.at + 1) == Some(&b'\n') => break,
                b'"' | b'\r' => {
                    return Err((
                        "quote",
                        "A cell with a quote or a line end in it needs quotes.",
                    ));
                }
                _ => self.at += 1,
            }
        }
        match &self.bytes[start..self.at] {
            [] => Ok(Cell::Empty),
            bytes => text(bytes.to_vec()),
        }
    }

    fn quoted(&mut self) -> Result<Cell, (&'static str, &'static str)> {
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let Some(byte) = self.peek() else {
                return Err(("quote", "The quotes of a cell are not closed."));
            };
            self.at += 1;
            match (byte, self.peek()) {
                (b'"', Some(b'"')) => {
                    self.at += 1;
                    bytes.push(b'"');
                }
                (b'"', None | Some(b',' | b'\n' | b'\r')) => return text(bytes),
                (b'"', _) => {
                    return Err((
                        "quote",
                        "After the quotes of a cell comes a comma or the end of the line.",
                    ));
                }
                _ => {
                    self.line += u64::from(byte == b'\n');
                    bytes.push(byte);
                }
            }
        }
    }
}

fn text(bytes: Vec<u8>) -> Result<Cell, (&'static str, &'static str)> {
    let text = String::from_utf8(bytes);
    text.map(Cell::Text)
        .map_err(|_| ("invalid_utf8", "A cell is not valid UTF-8."))
}

impl Iterator for Reader<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        self.peek()?;
        let line = self.line;
        let mut cells = Vec::new();
        let broken = |(code, detail): (_, &'static str)| Row {
            line,
            content: Content::Broken(code, detail.to_owned()),
        };
        loop {
            match self.cell() {
                Ok(cell) => cells.push(cell),
                Err(fault) => {
                    self.skip();
                    return Some(broken(fault));
                }
            }
            if self.ends() {
                let content = Content::Cells(cells);
                return Some(Row { line, content });
            }
            if self.peek() != Some(b',') || cells.len() == MAX_COLUMNS {
                self.skip();
                return Some(broken(("too_many_cells", "A line has too many cells.")));
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, Vec<Cell>)> {
        let rows = Reader::new(text.as_bytes());
        rows.map(|row| match row.content {
            Content::Cells(cells) => (row.line, cells),
            Content::Broken(code, _) => (row.line, vec![Cell::Number(code.to_owned())]),
            Content::Record(_) => (row.line, Vec::new()),
        })
        .collect()
    }

    fn cell(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn an_empty_cell_is_no_empty_text() {
        let rows = read("\u{feff}a,b,c\r\n\"\",,x\n,\n");
        let all = [
            (1, vec![cell("a"), cell("b"), cell("c")]),
            (2, vec![cell(""), Cell::Empty, cell("x")]),
            (3, vec![Cell::Empty, Cell::Empty]),
        ];
        assert_eq!(rows, all);
        assert_eq!(read("a"), [(1, vec![cell("a")])]);
        assert_eq!(read(""), []);
    }

    #[test]
    fn lines_are_counted_inside_quotes_too() {
        let rows = read("\"say \"\"hi\"\"\r\nthere\",2\nx,\"\n\n\"\n5,6");
        let lines: Vec<u64> = rows.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 3, 6]);
        assert_eq!(rows[0].1[0], cell("say \"hi\"\r\nthere"));
    }

    #[test]
    fn what_is_no_csv_is_a_fault_of_its_line_alone() {
        let fault = |code: &str| vec![Cell::Number(code.to_owned())];
        let rows = read("a\"b,c\nok\n\"x\"y\nok\n\"open");
        assert_eq!(rows[0], (1, fault("quote")));
        assert_eq!(rows[1], (2, vec![cell("ok")]));
        assert_eq!(rows[2], (3, fault("quote")));
        assert_eq!(rows[4], (5, fault("quote")));
        let mut bad = Reader::new(b"\xff,1");
        assert!(matches!(
            bad.next().unwrap().content,
            Content::Broken("invalid_utf8", _)
        ));
        let wide = read(&",".repeat(MAX_COLUMNS + 1));
        assert_eq!(wide, [(1, fault("too_many_cells"))]);
    }
}
