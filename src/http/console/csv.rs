//! `GET /admin/{realm}/sessions.csv`: what the list shows, as a file for a spreadsheet (RFC 4180), a page of the search at
//! a time however long it is.

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::filter::{Filter, Tab};
use super::frame::Answer;
use super::gate::Gate;
use super::pages::grouped;
use super::rows::{Acts, device, ended, methods};
use crate::domain::access::Right;
use crate::domain::audit::{self, Entry};
use crate::domain::session::Query;
use crate::domain::session::search::{MAX_LIMIT, Row, sorted};
use crate::domain::{ActorKind, Fault};

/// The most sessions in one file.
const MOST: u64 = 100_000;

const COLUMNS: [&str; 18] = [
    "session",
    "username",
    "name",
    "organisation",
    "started_from",
    "last_address",
    "browser",
    "system",
    "apps",
    "server",
    "signed_in_with",
    "started",
    "last_active",
    "times_out",
    "ends_at_the_latest",
    "remembered",
    "ended",
    "how_it_ended",
];

/// Answers the file. That somebody took it is on record before its first line is.
pub async fn file(gate: Gate) -> Answer {
    gate.need(Right::ViewSessions)?;
    let filter = Filter::read(&gate.query);
    let query = match filter.query(&gate.realm, gate.now) {
        Ok(query) => query,
        Err(problem) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let title = "The filter does not read";
            return Err(gate.message(status, title, &problem.message, Vec::new()));
        }
    };
    let actor = gate.admin.actor(ActorKind::Admin);
    let words = match query.is_empty() {
        true => format!("{} sessions", filter.tab.as_str()),
        false => format!(
            "{} sessions matching {:?}",
            filter.tab.as_str(),
            query.text()
        ),
    };
    let entry = Entry {
        actor: &actor,
        action: "sessions.export",
        target_kind: "realm",
        target: gate.realm.name.clone(),
        detail: Some(words),
    };
    audit::alone(&gate.ctx, gate.realm.id, &entry).await?;
    let name = format!(
        "sessions-{}-{}.csv",
        gate.realm.name,
        gate.now.rfc3339().replace(':', "-")
    );
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present".to_owned(),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    let export = Export {
        gate,
        filter,
        query,
        cursor: None,
        rows: 0,
        part: Part::Head,
    };
    let lines = stream::unfold(export, |mut export| async move {
        let part = export.next().await?;
        Some((part.map_err(std::io::Error::other), export))
    });
    let response: Response = (headers, Body::from_stream(lines)).into_response();
    Ok(response)
}

#[derive(PartialEq, Eq)]
enum Part {
    Head,
    Rows,
    Over,
}

struct Export {
    gate: Gate,
    filter: Filter,
    query: Query,
    cursor: Option<String>,
    rows: u64,
    part: Part,
}

impl Export {
    /// The next piece. Should the store fail the file breaks off, which a client notices: a short file that looks whole
    /// would be worse.
    async fn next(&mut self) -> Option<Result<Bytes, Fault>> {
        match self.part {
            Part::Over => None,
            Part::Head => {
                self.part = Part::Rows;
                Some(Ok(
                    line(COLUMNS.iter().map(|name| (*name).to_owned())).into()
                ))
            }
            Part::Rows => Some(self.page().await.map(Bytes::from)),
        }
    }

    async fn page(&mut self) -> Result<String, Fault> {
        let gate = &self.gate;
        let right = Right::ViewSessions;
        if !gate.admin.still(&gate.ctx, right, &gate.realm).await? {
            return Err(Fault::Busy);
        }
        let (listed, order) = (self.filter.tab.listed(), self.filter.order());
        let at = self.cursor.as_deref();
        let found = sorted(
            &gate.ctx,
            &gate.realm,
            &self.query,
            listed,
            order,
            at,
            MAX_LIMIT,
        );
        let found = found.await?.map_err(|_| Fault::Busy)?;
        let mut text = String::new();
        let mut acts = Acts::default();
        for row in &found.rows {
            if self.rows == MOST {
                break;
            }
            self.rows += 1;
            text.push_str(&line(
                cells(gate, row, self.filter.tab, &mut acts)
                    .await?
                    .into_iter(),
            ));
        }
        let more = found.next.is_some();
        if self.rows == MOST && more {
            let said = format!("Cut here: a file has at most {} sessions.", grouped(MOST));
            let rest = COLUMNS.iter().skip(1).map(|_| String::new());
            text.push_str(&line(std::iter::once(said).chain(rest)));
        }
        if self.rows == MOST || !more {
            self.part = Part::Over;
        }
        self.cursor = found.next;
        Ok(text)
    }
}

async fn cells(gate: &Gate, row: &Row, tab: Tab, acts: &mut Acts) -> Result<Vec<String>, Fault> {
    let session = &row.session;
    let active = row.active.as_ref();
    let shown = device(&session.device);
    let apps: Vec<&str> = session
        .clients
        .iter()
        .map(|part| part.name.as_str())
        .collect();
    let (ended_at, how) = match tab {
        Tab::Ended => ended(gate, row, acts)
            .await?
            .map_or_else(Default::default, |end| (end.at.datetime, end.how)),
        Tab::Active | Tab::Idle => Default::default(),
    };
    Ok(vec![
        session.sid.to_string(),
        session.username.clone(),
        session.name.clone(),
        session.organisation.clone().unwrap_or_default(),
        session.ip.clone(),
        active.map_or_else(String::new, |a| a.last_ip.clone()),
        shown.browser,
        shown.os,
        apps.join("; "),
        active.map_or(&session.node, |a| &a.last_node).clone(),
        methods(&session.amr),
        session.started_at.rfc3339(),
        active.map_or_else(String::new, |a| a.last_active.rfc3339()),
        active.map_or_else(String::new, |a| a.limits.idle_at.rfc3339()),
        active.map_or_else(String::new, |a| a.limits.expires_at.rfc3339()),
        if session.remember_me { "yes" } else { "no" }.to_owned(),
        ended_at,
        how,
    ])
}

/// One record of RFC 4180.
fn line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|text| cell(&text)).collect();
    format!("{}\r\n", cells.join(","))
}

/// One field. What a spreadsheet would take for a formula is shown as text: names and user agents are anybody's to choose.
pub fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let text = match formula {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    if text.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_text_and_one_cell() {
        for (text, written) in [
            ("Anna Keller", "Anna Keller"),
            ("Keller, Anna", "\"Keller, Anna\""),
            ("the \"boss\"", "\"the \"\"boss\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            (
                "=HYPERLINK(\"http://evil\")",
                "\"'=HYPERLINK(\"\"http://evil\"\")\"",
            ),
            ("+1", "'+1"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("", ""),
        ] {
            assert_eq!(cell(text), written, "{text:?}");
        }
        assert_eq!(
            line(["a".to_owned(), "b,c".to_owned()].into_iter()),
            "a,\"b,c\"\r\n"
        );
    }
}
