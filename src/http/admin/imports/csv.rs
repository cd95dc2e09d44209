//! A table of text with a header (RFC 4180), its cells separated by commas, semicolons or tabs, as its first line shows.

/// A record of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The line it begins in, from 1 on.
    pub(super) line: u64,
    /// Its cells.
    pub(super) cells: Vec<String>,
}

/// Reads a table, one record after the other; blank lines are none.
pub(super) struct Table<'a> {
    rest: &'a str,
    line: u64,
    between: char,
}

impl<'a> Table<'a> {
    /// A table; what separates its cells is what the first line has most of.
    pub(super) fn new(text: &'a str) -> Table<'a> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let head = text.lines().find(|line| !line.trim().is_empty());
        let count = |c: char| head.unwrap_or_default().matches(c).count();
        let between = [',', ';', '\t']
            .into_iter()
            .max_by_key(|c| (count(*c), *c == ','));
        Table {
            rest: text,
            line: 1,
            between: between.unwrap_or(','),
        }
    }

    /// The next record; `None` at the end.
    ///
    /// # Errors
    /// The line and a sentence when quotes do not match; there is nothing to be read behind it.
    pub(super) fn next(&mut self) -> Option<Result<Record, (u64, &'static str)>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let line = self.line;
            match self.record() {
                Ok(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => {}
                Ok(cells) => return Some(Ok(Record { line, cells })),
                Err(why) => {
                    self.rest = "";
                    return Some(Err((line, why)));
                }
            }
        }
    }

    fn record(&mut self) -> Result<Vec<String>, &'static str> {
        let mut cells = Vec::new();
        loop {
            let (cell, rest) = match self.rest.strip_prefix('"') {
                Some(quoted) => quoted_cell(quoted)?,
                None => {
                    let end = self
                        .rest
                        .find([self.between, '\n', '\r'])
                        .unwrap_or(self.rest.len());
                    (self.rest[..end].to_owned(), &self.rest[end..])
                }
            };
            self.line += cell.matches('\n').count() as u64;
            cells.push(cell);
            let mut letters = rest.chars();
            match letters.next() {
                Some(c) if c == self.between => self.rest = letters.as_str(),
                end @ (None | Some('\n' | '\r')) => {
                    self.rest = letters.as_str();
                    if end == Some('\r') {
                        self.rest = self.rest.strip_prefix('\n').unwrap_or(self.rest);
                    }
                    self.line += 1;
                    return Ok(cells);
                }
                Some(_) => {
                    return Err("behind a quoted cell expected a separator or the end of the line");
                }
            }
        }
    }
}

/// What is in quotes, two of which are one; and what is behind them.
fn quoted_cell(text: &str) -> Result<(String, &str), &'static str> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let end = rest
            .find('"')
            .ok_or("a quoted cell has no closing quote; inside of quotes write a quote twice")?;
        cell.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                cell.push('"');
                rest = more;
            }
            None => return Ok((cell, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, Vec<String>)> {
        let mut table = Table::new(text);
        std::iter::from_fn(|| table.next())
            .map(|record| record.map(|r| (r.line, r.cells)).unwrap())
            .collect()
    }

    fn cells(of: &[&str]) -> Vec<String> {
        of.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn quotes_line_ends_and_blank_lines_are_read_as_the_standard_has_them() {
        let text = "\u{feff}a,b\r\n\"x, \"\"y\"\"\",\"two\nlines\"\r\n\r\n,\n1,2";
        assert_eq!(
            read(text),
            [
                (1, cells(&["a", "b"])),
                (2, cells(&["x, \"y\"", "two\nlines"])),
                (6, cells(&["1", "2"])),
            ]
        );
    }

    #[test]
    fn semicolons_and_tabs_separate_where_the_header_has_them() {
        assert_eq!(read("a;b\n1,5;2")[1].1, ["1,5", "2"]);
        assert_eq!(read("a\tb\n1\t2")[1].1, ["1", "2"]);
        assert_eq!(read("a\n1;2")[1].1, ["1;2"]);
    }

    #[test]
    fn an_open_quote_is_said_with_its_line() {
        let mut table = Table::new("a\n\"b\nc");
        assert!(table.next().unwrap().is_ok());
        assert_eq!(table.next().unwrap().unwrap_err().0, 2);
        assert!(table.next().is_none());
        assert!(Table::new("\"a\"b").next().unwrap().is_err());
    }
}
