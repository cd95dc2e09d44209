//! What an administrator looks at.

use std::rc::Rc;

use anyhow::ensure;
use serde_json::Value;

use crate::load::drive::{Step, Worker};
use crate::load::lab::{Lab, text};
use crate::load::oauth::bearer;
use crate::load::realm::REALM;
use crate::load::report::Row;
use crate::load::wire::Conn;

const LIMIT: usize = 25;
/// A page that also a thousand sessions fill for most prefixes, so that sizes compare.
const FOUND: usize = 10;

fn page_request(lab: &Lab, query: &str, limit: usize) -> Vec<u8> {
    let path = format!("/admin/realms/{REALM}/sessions?q={query}&state=active&limit={limit}");
    bearer("GET", &lab.target.host, &path, &lab.token, None)
}

/// Asks for the first page of everything.
pub(super) fn first_page_request(lab: &Lab) -> Vec<u8> {
    page_request(lab, "", LIMIT)
}

struct Searcher {
    conn: Conn,
    questions: Rc<Vec<(&'static str, Vec<u8>)>>,
    at: usize,
    rows: usize,
}

impl Worker for Searcher {
    async fn step(&mut self) -> anyhow::Result<Step> {
        self.at += 1;
        let Some((prefix, question)) = self.questions.get(self.at % self.questions.len().max(1))
        else {
            return Ok(Step::Over);
        };
        let answer = self.conn.call(question).await?;
        answer.expect(200)?;
        let page = answer.json()?;
        let rows = page
            .get("sessions")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        ensure!(
            rows.len() == self.rows,
            "{} rows instead of {} for {prefix:?}",
            rows.len(),
            self.rows
        );
        for row in rows {
            ensure!(
                text(row, "username").starts_with(prefix),
                "{} for {prefix:?}",
                text(row, "username")
            );
            ensure!(
                text(row, "state") == "active",
                "a session that is not active: {}",
                text(row, "id")
            );
        }
        Ok(Step::Done)
    }
}

async fn pages(
    lab: &Lab,
    name: &str,
    prefixes: &[&'static str],
    limit: usize,
    rows: usize,
) -> Vec<Row> {
    let questions = Rc::new(
        prefixes
            .iter()
            .map(|p| (*p, page_request(lab, p, limit)))
            .collect::<Vec<_>>(),
    );
    let worker = |at| Searcher {
        conn: Conn::new(lab.target.address),
        questions: Rc::clone(&questions),
        at,
        rows,
    };
    vec![lab.row(
        name,
        lab.drive((0..lab.connections).map(worker).collect()).await,
    )]
}

pub(super) async fn first_page(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let rows = LIMIT.min(lab.sessions as usize);
    Ok(pages(lab, "sessions_first_page", &[""], LIMIT, rows).await)
}

pub(super) async fn search(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let mut full = Vec::new();
    for prefix in PREFIXES {
        let path = format!("/sessions?q={prefix}&limit={FOUND}");
        let page = lab.admin("GET", &path, None, 200).await?;
        let rows = page.get("sessions").and_then(Value::as_array);
        if rows.is_some_and(|rows| rows.len() == FOUND) {
            full.push(prefix);
        }
    }
    ensure!(!full.is_empty(), "no prefix has a page of sessions");
    Ok(pages(lab, "sessions_search", &full, FOUND, FOUND).await)
}

/// Three letters each; more than one given name begins with some of them.
pub(super) const PREFIXES: [&str; 12] = [
    "adr", "ali", "ami", "ana", "and", "ann", "jul", "kat", "luk", "mar", "mat", "sof",
];
