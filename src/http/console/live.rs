//! `GET /admin/{realm}/sessions/live`: what changes in the rows of a list, as it happens, and how many sessions have
//! started since (WHATWG server-sent events).
//!
//! Only the rows that are shown are read again, and what has started is looked at once: a watcher costs the same however
//! large the realm is. New rows are never pushed, so that nothing moves under a finger.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderName, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::filter::{Filter, Tab};
use super::frame::Answer;
use super::gate::{Form, Gate};
use super::rows::{Acts, ended, left};
use super::{list, words};
use crate::domain::Fault;
use crate::domain::access::Right;
use crate::domain::id::Sid;
use crate::domain::realm;
use crate::domain::session::Query;
use crate::domain::session::search::{MAX_LIMIT, Row, since, these};
use crate::domain::time::Timestamp;

/// How often the rows are looked at, and so the pause between two messages at least.
const EVERY: Duration = Duration::from_secs(2);
/// Every how many looks the number of sessions is counted again.
const COUNT_EVERY: u64 = 5;
/// New sessions counted at most.
const MOST_NEW: u64 = 999;

/// Answers the stream.
pub async fn watch(gate: Gate) -> Answer {
    gate.need(Right::ViewSessions)?;
    let filter = Filter::read(&gate.query);
    let Ok(query) = filter.query(&gate.realm, gate.now) else {
        return Err(StatusCode::UNPROCESSABLE_ENTITY.into_response().into());
    };
    let form = Form::read(gate.query.as_bytes());
    let rows = form
        .one("rows")
        .split(',')
        .filter_map(|sid| sid.parse().ok());
    let watch = Watch {
        sids: rows.take(MAX_LIMIT + 1).collect(),
        opened: form
            .one("opened")
            .parse()
            .map_or(gate.now, |opened| Timestamp(opened).min(gate.now)),
        gate,
        filter,
        query,
        sent: HashMap::new(),
        acts: Acts::default(),
        after: None,
        new: 0,
        count: String::new(),
        looks: 0,
        over: false,
    };
    let events = stream::unfold(watch, |mut watch| async move {
        loop {
            if watch.over || watch.gate.ctx.signals.is_closed() {
                return None;
            }
            if watch.looks > 0 {
                tokio::time::sleep(EVERY).await;
            }
            match watch.look().await {
                Ok(Some(event)) => return Some((Ok::<_, Infallible>(event), watch)),
                Ok(None) => {}
                // The browser sees the end of it, says that the list is not live, and asks again.
                Err(fault) => {
                    tracing::warn!(error = %fault, "a list could not be kept live");
                    return None;
                }
            }
        }
    });
    let stream = Sse::new(events).keep_alive(KeepAlive::default());
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let response: Response = (headers, stream).into_response();
    Ok(response)
}

struct Watch {
    gate: Gate,
    filter: Filter,
    query: Query,
    /// The rows that are shown and have not ended yet.
    sids: Vec<Sid>,
    /// What was last said of each.
    sent: HashMap<Sid, String>,
    acts: Acts,
    opened: Timestamp,
    /// Up to where was looked for what is new.
    after: Option<Sid>,
    new: u64,
    count: String,
    looks: u64,
    over: bool,
}

impl Watch {
    /// What changed since it was last looked at; at first, everything. Whoever was signed out meanwhile, or lost the
    /// right, sees no more.
    async fn look(&mut self) -> Result<Option<Event>, Fault> {
        let first = self.looks == 0;
        self.looks += 1;
        let gate = &mut self.gate;
        gate.now = gate.ctx.now();
        if let Some(realm) = realm::find(&gate.ctx, &gate.realm.name).await? {
            gate.realm = realm;
        }
        let right = Right::ViewSessions;
        if !gate.admin.still(&gate.ctx, right, &gate.realm).await? {
            self.over = true;
            return Ok(Some(Event::default().event("over").data("")));
        }
        let (rows, gone) = self.rows().await?;
        let fresh = self.fresh().await?;
        let counted = self.counted().await?;
        if !first && rows.is_empty() && gone.is_empty() && !fresh && !counted {
            return Ok(None);
        }
        let data = json!({ "rows": rows, "ended": gone, "new": self.new, "count": self.count });
        Ok(Some(Event::default().data(data.to_string())))
    }

    /// The rows that changed, and those that ended.
    async fn rows(&mut self) -> Result<(Vec<Value>, Vec<Value>), Fault> {
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        let read = these(&self.gate.ctx, &self.gate.realm, &self.sids).await?;
        for sid in std::mem::take(&mut self.sids) {
            let Some(row) = read.iter().find(|row| row.session.sid == sid) else {
                gone.push(json!({ "sid": sid, "how": "no longer known" }));
                continue;
            };
            if let Some(end) = ended(&self.gate, row, &mut self.acts).await? {
                let (at, how, url) = (end.at.datetime, end.how, end.receipt_url);
                gone.push(json!({ "sid": sid, "at": at, "how": how, "url": url }));
                continue;
            }
            let state = state(&self.gate, row);
            let text = state.to_string();
            if self.sent.get(&sid) != Some(&text) {
                self.sent.insert(sid, text);
                changed.push(state);
            }
            self.sids.push(sid);
        }
        Ok((changed, gone))
    }

    /// Whether there are more new sessions than were said.
    async fn fresh(&mut self) -> Result<bool, Fault> {
        if self.filter.tab == Tab::Ended || self.new >= MOST_NEW {
            return Ok(false);
        }
        let (ctx, realm) = (&self.gate.ctx, &self.gate.realm);
        let (more, upto) = since(ctx, realm, &self.query, self.opened, self.after).await?;
        self.after = upto.or(self.after);
        self.new += more;
        Ok(more > 0)
    }

    /// Whether the number of sessions is another than was said.
    async fn counted(&mut self) -> Result<bool, Fault> {
        if self.looks % COUNT_EVERY != 1 {
            return Ok(false);
        }
        let count = list::how_many(&self.gate, &self.gate.realm).await?;
        let changed = count != self.count;
        self.count = count;
        Ok(changed)
    }
}

/// What can change in a row while its session goes on.
fn state(gate: &Gate, row: &Row) -> Value {
    let Some(active) = &row.active else {
        return Value::Null;
    };
    let left = left(gate, active);
    let apps: Vec<&str> = row
        .session
        .clients
        .iter()
        .map(|part| part.name.as_str())
        .collect();
    json!({
        "sid": row.session.sid,
        "seen": words::ago(gate.now, active.last_active).datetime,
        "left": left.at.datetime,
        "value": left.value,
        "max": left.max,
        "low": left.low,
        "apps": apps,
        "ip": active.last_ip,
        "node": active.last_node,
    })
}
