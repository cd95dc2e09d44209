//! The small language of the session search: words and `field:value`, all of which must hold.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Session;
use crate::domain::time::{Span, Timestamp};

/// A search, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    text: String,
    /// A bare word: the start of a username.
    pub prefix: Option<String>,
    /// `user:`, the whole username.
    pub user: Option<String>,
    /// `ip:`, an address or a CIDR range.
    pub ip: Option<IpNet>,
    /// `client:`, a client_id.
    pub client: Option<String>,
    /// `device:`, part of the system's, browser's or kind's name.
    pub device: Option<String>,
    /// `node:`, the server's name.
    pub node: Option<String>,
    /// `idle>30m`.
    pub idle_over: Option<Span>,
    /// `idle<30m`.
    pub idle_under: Option<Span>,
    /// `started<2026-11-20`.
    pub started_before: Option<Timestamp>,
    /// `started>2026-11-20`.
    pub started_after: Option<Timestamp>,
    /// The moment that "idle for" is counted from and after which joining an app does not count: a search that was
    /// frozen then finds no session later that it did not find at the time. `None` is now.
    pub as_of: Option<Timestamp>,
}

/// Why a search does not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct QueryError(String);

const FIELDS: &str = "user:, ip:, client:, device:, node:, idle>, idle<, started>, started<";
const MAX: usize = 500;

impl Query {
    /// Reads a search. White space separates terms; an empty search finds everything.
    ///
    /// # Errors
    /// [`QueryError`] says which term was not understood and what was expected.
    pub fn parse(text: &str) -> Result<Query, QueryError> {
        if text.len() > MAX {
            return Err(QueryError(format!("a search has at most {MAX} characters")));
        }
        let mut query = Query {
            text: text.trim().to_owned(),
            ..Query::default()
        };
        for term in text.split_whitespace() {
            query.term(term)?;
        }
        Ok(query)
    }

    /// The search as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it finds everything.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether it is nothing but the start of a username, or nothing at all.
    pub fn is_prefix_only(&self) -> bool {
        *self
            == Query {
                text: self.text.clone(),
                prefix: self.prefix.clone(),
                ..Query::default()
            }
    }

    fn term(&mut self, term: &str) -> Result<(), QueryError> {
        let split = term.find([':', '<', '>']).map(|at| {
            (
                &term[..at],
                term.as_bytes().get(at).copied(),
                &term[at + 1..],
            )
        });
        let Some((field, Some(operator), value)) = split else {
            return set(
                &mut self.prefix,
                super::super::user::fold(term),
                "a bare word",
            );
        };
        let word = value.to_owned();
        match (field, operator) {
            (_, b':') if value.is_empty() => Err(QueryError(format!(
                "{field}: wants a value after the colon"
            ))),
            ("user", b':') => set(&mut self.user, super::super::user::fold(value), "user:"),
            ("client", b':') => set(&mut self.client, word, "client:"),
            ("device", b':') => set(&mut self.device, word.to_lowercase(), "device:"),
            ("node", b':') => set(&mut self.node, word, "node:"),
            ("ip", b':') => {
                let net = value
                    .parse::<IpNet>()
                    .or_else(|_| value.parse::<IpAddr>().map(IpNet::from));
                let net = net.map_err(|_| {
                    QueryError(format!(
                        "ip: wants an address such as 192.0.2.7 or a range such as 10.0.0.0/8, found {value:?}"
                    ))
                })?;
                set(&mut self.ip, net.trunc(), "ip:")
            }
            ("idle", b'>') => set(&mut self.idle_over, span(value)?, "idle>"),
            ("idle", b'<') => set(&mut self.idle_under, span(value)?, "idle<"),
            ("started", b'<') => set(&mut self.started_before, moment(value)?, "started<"),
            ("started", b'>') => set(&mut self.started_after, moment(value)?, "started>"),
            // IPv6 addresses are full of colons; somebody who pastes one means ip:.
            _ if term.parse::<IpNet>().is_ok() || term.parse::<IpAddr>().is_ok() => {
                self.term(&format!("ip:{term}"))
            }
            _ => Err(QueryError(format!(
                "{term:?} is not understood; a search has words (the start of a username) and {FIELDS}"
            ))),
        }
    }

    /// Whether a session fits everything but what only a live session has.
    pub fn fits(&self, session: &Session) -> bool {
        let name = super::super::user::fold(&session.username);
        let ip_fits = |net: &IpNet| {
            session
                .ip
                .parse::<IpAddr>()
                .is_ok_and(|ip| net.contains(&ip))
        };
        let device_fits = |d: &str| {
            let device = &session.device;
            [&device.os, &device.browser, &device.kind]
                .iter()
                .any(|part| part.to_lowercase().contains(d))
        };
        self.prefix.as_ref().is_none_or(|p| name.starts_with(p))
            && self.user.as_ref().is_none_or(|u| name == *u)
            && self.ip.as_ref().is_none_or(ip_fits)
            && self.client.as_ref().is_none_or(|c| {
                let joined = |at: Timestamp| self.as_of.is_none_or(|as_of| at <= as_of);
                let mut parts = session.clients.iter();
                parts.any(|part| part.client_id == *c && joined(part.started_at))
            })
            && self.device.as_deref().is_none_or(device_fits)
            && self.started_before.is_none_or(|t| session.started_at < t)
            && self.started_after.is_none_or(|t| session.started_at > t)
    }

    /// Whether a live session's last use fits.
    pub fn fits_use(&self, idle: Span, node: &str) -> bool {
        self.idle_over.is_none_or(|over| idle > over)
            && self.idle_under.is_none_or(|under| idle < under)
            && self.node.as_deref().is_none_or(|n| n == node)
    }
}

fn set<T>(slot: &mut Option<T>, value: T, what: &str) -> Result<(), QueryError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(QueryError(format!(
            "{what} stands twice; a search takes it once"
        ))),
    }
}

fn span(value: &str) -> Result<Span, QueryError> {
    value
        .parse()
        .map_err(|e: crate::domain::time::SpanError| QueryError(format!("idle: {e}")))
}

fn moment(value: &str) -> Result<Timestamp, QueryError> {
    Timestamp::parse(value).ok_or_else(|| {
        QueryError(format!(
            "started wants a date such as 2026-11-20 or 2026-11-20T14:30:00Z, found {value:?}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_of_the_language_reads() {
        let q = Query::parse(
            "Ann ip:10.1.2.3/8 client:crm device:Firefox node:keep-1 idle>30m started<2026-11-20",
        )
        .unwrap();
        assert_eq!(q.prefix.as_deref(), Some("ann"));
        assert_eq!(q.ip.unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(q.client.as_deref(), Some("crm"));
        assert_eq!(q.device.as_deref(), Some("firefox"));
        assert_eq!(q.idle_over, Some(Span::mins(30)));
        assert_eq!(q.started_before, Timestamp::parse("2026-11-20"));
        assert!(Query::parse("   ").unwrap().is_empty());
        assert_eq!(
            Query::parse("2001:db8::1").unwrap().ip.unwrap().to_string(),
            "2001:db8::1/128"
        );
    }

    #[test]
    fn a_term_that_does_not_read_says_what_was_expected() {
        for (text, expected) in [
            ("ip:nowhere", "ip: wants an address"),
            ("colour:red", "is not understood"),
            ("idle>soon", "expected a duration"),
            ("started<tomorrow", "started wants a date"),
            ("anna bert", "stands twice"),
            ("user:", "wants a value"),
        ] {
            let error = Query::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
