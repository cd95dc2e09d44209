//! Aligned columns for people.

use std::fmt;

use serde_json::Value;

use super::super::remote::clean;
use crate::domain::time::Timestamp;

/// A table that is printed with a line of headings, two spaces between columns, and without columns that are empty.
pub(in crate::cli) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub(in crate::cli) fn new(head: &[&'static str]) -> Table {
        Table {
            head: head.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(in crate::cli) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push(cells.into_iter().map(|cell| clean(&cell)).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
        };
        let columns: Vec<(usize, &str, usize)> = self
            .head
            .iter()
            .enumerate()
            .filter_map(|(at, name)| {
                Some((
                    at,
                    *name,
                    widest(at).filter(|width| *width > 0)?.max(name.len()),
                ))
            })
            .collect();
        let mut line = |cells: Vec<(&str, usize)>| {
            let text: Vec<String> = cells
                .into_iter()
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            writeln!(f, "{}", text.join("  ").trim_end())
        };
        line(
            columns
                .iter()
                .map(|(_, name, width)| (*name, *width))
                .collect(),
        )?;
        for row in &self.rows {
            let cell = |at: usize| row.get(at).map_or("", String::as_str);
            line(
                columns
                    .iter()
                    .map(|(at, _, width)| (cell(*at), *width))
                    .collect(),
            )?;
        }
        Ok(())
    }
}

/// A text of the answer; empty when it is not there.
pub(in crate::cli) fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A moment of the answer, to the second and in UTC; what cannot be read as one stays as it is.
pub(in crate::cli) fn moment(value: &Value, name: &str) -> String {
    let raw = text(value, name);
    let Some(at) = Timestamp::parse(&raw).map(Timestamp::rfc3339) else {
        return raw;
    };
    match (at.get(..10), at.get(11..19)) {
        (Some(date), Some(time)) => format!("{date} {time}Z"),
        _ => raw,
    }
}

/// "1 session", "2 sessions".
pub(in crate::cli) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_line_up_and_lines_end_where_their_text_ends() {
        let mut table = Table::new(&["USERNAME", "IP", "ID"]);
        table.row(["al".to_owned(), "10.0.0.1".to_owned(), "a".to_owned()]);
        table.row(["günther-long".to_owned(), "::1".to_owned(), String::new()]);
        assert_eq!(
            table.to_string(),
            "USERNAME      IP        ID\nal            10.0.0.1  a\ngünther-long  ::1\n"
        );
    }

    #[test]
    fn a_column_with_nothing_in_it_is_left_out() {
        let mut table = Table::new(&["A", "B", "C"]);
        table.row(["1".to_owned(), String::new(), "3".to_owned()]);
        assert_eq!(table.to_string(), "A  C\n1  3\n");
    }

    #[test]
    fn a_name_cannot_write_elsewhere_on_the_terminal() {
        let mut table = Table::new(&["A"]);
        table.row(["x\u{1b}[2Jy\nz".to_owned()]);
        assert!(!table.to_string().contains('\u{1b}'));
        assert_eq!(table.to_string().lines().count(), 2);
    }

    #[test]
    fn moments_are_shown_to_the_second_in_utc() {
        let value = json!({ "at": "2026-11-20T15:32:05.250+01:00", "odd": "soon", "none": null });
        assert_eq!(moment(&value, "at"), "2026-11-20 14:32:05Z");
        assert_eq!(moment(&value, "odd"), "soon");
        assert_eq!(moment(&value, "none"), "");
    }
}
