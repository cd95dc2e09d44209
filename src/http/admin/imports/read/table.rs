//! A table of people: what its columns are, and each line as the object that a list would have.

use serde_json::{Map, Value, json};

use super::Incoming;
use crate::domain::user::import::MOST_PEOPLE;
use crate::domain::user::import::check::Problems;
use crate::http::admin::imports::csv::Table;
use crate::http::admin::read::unknown;

/// The columns of a table: how people write them, without case, spaces and dashes; and what they are here.
const COLUMNS: [(&str, &str); 18] = [
    ("username", "username"),
    ("user", "username"),
    ("login", "username"),
    ("email", "email"),
    ("mail", "email"),
    ("emailverified", "emailVerified"),
    ("firstname", "firstName"),
    ("givenname", "firstName"),
    ("lastname", "lastName"),
    ("familyname", "lastName"),
    ("name", "claims.name"),
    ("fullname", "claims.name"),
    ("enabled", "enabled"),
    ("roles", "roles"),
    ("password", "password"),
    ("passwordhash", "password_hash"),
    ("organisation", "claims.organisation"),
    ("id", "id"),
];

/// Reads a table with a header.
pub(super) fn table(bytes: &[u8]) -> Incoming {
    let mut incoming = Incoming::default();
    let Ok(text) = std::str::from_utf8(bytes) else {
        let text = "the file is not text in UTF-8; save it as \"CSV UTF-8\"";
        incoming.problems.add(0, "", text);
        return incoming;
    };
    let mut table = Table::new(text);
    let columns = match table.next() {
        None => return incoming,
        Some(Err((line, why))) => {
            incoming.problems.add(line, "", why);
            return incoming;
        }
        Some(Ok(head)) => columns(head.line, &head.cells, &mut incoming.problems),
    };
    if !incoming.problems.is_empty() {
        return incoming;
    }
    while let Some(record) = table.next() {
        match record {
            Err((line, why)) => incoming.problems.add(line, "", why),
            Ok(record) if record.cells.len() != columns.len() => {
                let text = format!(
                    "expected {} cells as the header has, found {}",
                    columns.len(),
                    record.cells.len()
                );
                incoming.problems.add(record.line, "", text);
            }
            Ok(_) if incoming.rows.len() > MOST_PEOPLE => {}
            Ok(record) => match person(&columns, record.cells) {
                Ok(body) => incoming.add(record.line, body),
                Err((field, why)) => incoming.problems.add(record.line, &field, why),
            },
        }
    }
    incoming
}

fn columns(line: u64, head: &[String], problems: &mut Problems) -> Vec<String> {
    let mut columns: Vec<String> = Vec::with_capacity(head.len());
    for cell in head {
        let cell = cell.trim();
        let bare = cell.to_lowercase().replace([' ', '_', '-'], "");
        let known = COLUMNS.iter().find(|(written, _)| *written == bare);
        let claim = ["claims.", "attributes.", "claim:"];
        let claim = claim.iter().find_map(|start| cell.strip_prefix(start));
        let column = match (known, claim) {
            (Some((_, column)), _) => (*column).to_owned(),
            (None, Some(claim)) if !claim.is_empty() => format!("claims.{claim}"),
            (None, _) => {
                let written: Vec<&str> = COLUMNS.iter().map(|(written, _)| *written).collect();
                let why = unknown("column", cell, &written).detail;
                problems.add(
                    line,
                    "",
                    format!("{why}; a claim of your own is written claims.{cell}"),
                );
                continue;
            }
        };
        if columns.contains(&column) {
            problems.add(line, "", format!("the column {cell:?} is there twice"));
        }
        columns.push(column);
    }
    if problems.is_empty() && !columns.iter().any(|column| column == "username") {
        let text = "expected a header with the column username in the first line";
        problems.add(line, "username", text);
    }
    columns
}

/// A line as an object; an empty cell says nothing.
fn person(columns: &[String], cells: Vec<String>) -> Result<Map<String, Value>, (String, String)> {
    let mut body = Map::new();
    let mut claims = Map::new();
    for (column, cell) in columns.iter().zip(cells) {
        // White space may be part of a password.
        let text = match column.as_str() {
            "password" => cell.as_str(),
            _ => cell.trim(),
        };
        if text.is_empty() {
            continue;
        }
        let value = match column.as_str() {
            "enabled" | "emailVerified" => match text.to_lowercase().as_str() {
                "true" | "yes" | "1" => json!(true),
                "false" | "no" | "0" => json!(false),
                _ => {
                    let why = format!("expected true or false, found {text:?}");
                    return Err((column.clone(), why));
                }
            },
            "roles" => {
                let roles = text.split([',', ';', '|']).map(str::trim);
                json!(roles.filter(|role| !role.is_empty()).collect::<Vec<_>>())
            }
            _ => json!(text),
        };
        match column.strip_prefix("claims.") {
            Some(claim) => claims.insert(claim.to_owned(), value),
            None => body.insert(column.clone(), value),
        };
    }
    if !claims.is_empty() {
        body.insert("claims".to_owned(), Value::Object(claims));
    }
    Ok(body)
}
