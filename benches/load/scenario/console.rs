//! The console's list of sessions as an administrator's browser has it: a page, and what it fetches while a name is typed.

use std::rc::Rc;

use anyhow::ensure;

use super::admin::PREFIXES;
use crate::load::drive::{Step, Worker};
use crate::load::lab::Lab;
use crate::load::realm::{CONSOLE, REALM};
use crate::load::report::Row;
use crate::load::wire::{Conn, find, request};

struct Reader {
    conn: Conn,
    questions: Rc<Vec<Vec<u8>>>,
    at: usize,
}

impl Worker for Reader {
    async fn step(&mut self) -> anyhow::Result<Step> {
        self.at += 1;
        let Some(question) = self.questions.get(self.at % self.questions.len().max(1)) else {
            return Ok(Step::Over);
        };
        let answer = self.conn.call(question).await?;
        answer.expect_with(200, "data-session-id=")?;
        Ok(Step::Done)
    }
}

async fn read(lab: &Lab, name: &str, questions: Vec<Vec<u8>>) -> Vec<Row> {
    let questions = Rc::new(questions);
    let worker = |at| Reader {
        conn: Conn::new(lab.target.address),
        questions: Rc::clone(&questions),
        at,
    };
    vec![lab.row(
        name,
        lab.drive((0..lab.connections).map(worker).collect()).await,
    )]
}

/// Asks for the list; in whole pages, or as the part that the script fetches.
fn question(lab: &Lab, cookies: &str, query: &str, part: bool) -> Vec<u8> {
    let path = format!("/admin/{REALM}/sessions{query}");
    let mut headers = vec![("cookie", cookies)];
    if part {
        headers.push(("x-fragment", "list"));
    }
    request("GET", &lab.target.host, &path, &headers, None)
}

pub(super) async fn first_page(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let cookies = lab.browser(0).console(CONSOLE.0, CONSOLE.1).await?;
    let questions = vec![question(lab, &cookies, "", false)];
    Ok(read(lab, "console_first_page", questions).await)
}

pub(super) async fn search(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let cookies = lab.browser(0).console(CONSOLE.0, CONSOLE.1).await?;
    let mut conn = Conn::new(lab.target.address);
    let mut questions = Vec::new();
    for prefix in PREFIXES {
        let asked = question(lab, &cookies, &format!("?q={prefix}"), true);
        let answer = conn.call(&asked).await?;
        answer.expect(200)?;
        if find(answer.text().as_bytes(), b"data-session-id=").is_some() {
            questions.push(asked);
        }
    }
    ensure!(!questions.is_empty(), "no prefix finds a session");
    Ok(read(lab, "console_search", questions).await)
}
