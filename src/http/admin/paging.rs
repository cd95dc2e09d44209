//! Pages of users, clients and realms: by cursor, in constant time however long the list is, or by Keycloak's `first` and
//! `max`, which walk what they skip.

use std::future::Future;

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde_json::Value;

use super::acts;
use super::read::Params;
use crate::crypto;
use crate::domain::Fault;
use crate::http::answer::Problem;

/// Has the cursor of the next page, when there is one.
pub(super) static NEXT: HeaderName = HeaderName::from_static("realmkeep-next");

/// Which part of a list is asked for.
pub(super) struct Page {
    first: usize,
    max: usize,
    after: Option<String>,
}

impl Page {
    /// Reads `first`, `max`, `limit` and `cursor`.
    ///
    /// # Errors
    /// 400 when they make no sense, alone or together.
    pub(super) fn of(params: &Params, usual: usize) -> Result<Page, Problem> {
        let (max, limit) = (params.number("max")?, params.number("limit")?);
        if max.is_some() && limit.is_some() {
            return Err(Problem::bad_request("max and limit say the same; give one of them"));
        }
        let after = match params.text("cursor") {
            Some(_) if params.text("first").is_some() => {
                return Err(Problem::bad_request("first and cursor exclude each other"));
            }
            Some(text) => {
                let name = crypto::unb64(text).and_then(|bytes| String::from_utf8(bytes).ok());
                let refuse = || Problem::bad_request("cursor must be the Realmkeep-Next of an earlier answer");
                Some(name.ok_or_else(refuse)?)
            }
            None => None,
        };
        let first = params.number("first")?.unwrap_or(0);
        if first > MOST_SKIPPED {
            return Err(Problem::bad_request(format!("first is at most {MOST_SKIPPED}; go on with cursor beyond that")));
        }
        Ok(Page { first, max: max.or(limit).unwrap_or(usual).min(LARGEST), after })
    }

    /// Walks a list that `read` answers in pieces, each with the name to go on from.
    ///
    /// # Errors
    /// [`Problem`] when the store does not answer.
    pub(super) async fn walk<T, F: Future<Output = Result<(Vec<T>, Option<String>), Fault>>>(
        self,
        read: impl Fn(Option<String>) -> F,
        name: impl Fn(&T) -> String,
        fits: impl Fn(&T) -> bool,
    ) -> Result<(Vec<T>, Option<String>), Problem> {
        let Page { mut first, max, mut after } = self;
        let mut found = Vec::new();
        loop {
            let (rows, next) = read(after).await?;
            for row in rows {
                if !fits(&row) {
                    continue;
                }
                if first > 0 {
                    first -= 1;
                } else if found.len() < max {
                    found.push(row);
                } else {
                    // There is one more than asked for: the last that was taken is where the next page goes on.
                    let next = found.last().map(|last| crypto::b64(name(last).as_bytes()));
                    return Ok((found, next));
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok((found, None)),
            }
        }
    }
}

/// 200 with a list and the cursor of the next page.
pub(super) fn listed(rows: Vec<Value>, next: Option<String>) -> Response {
    let mut response = acts::ok(Value::Array(rows));
    if let Some(value) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
        response.headers_mut().insert(NEXT.clone(), value);
    }
    response
}

/// How many are read at a time.
pub(super) const PIECE: usize = 200;
/// The most of one answer.
const LARGEST: usize = 1000;
/// The most that Keycloak's paging skips.
const MOST_SKIPPED: usize = 100_000;
