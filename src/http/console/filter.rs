//! What the sessions page is asked for: the fields of its filter form, folded into one search.

use super::address::Address;
use super::choices::{IDLE, LIMITS, STARTED};
use super::details;
use super::gate::Gate;
use super::pages::Problem;
use crate::domain::realm::Realm;
use crate::domain::session::Query;
use crate::domain::session::search::{Listed, MAX_LIMIT, Order};
use crate::domain::time::{Span, Timestamp};

/// Which list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Everybody who is signed in.
    #[default]
    Active,
    /// Those who have not done anything for half of the idle timeout.
    Idle,
    /// Those who were.
    Ended,
}

impl Tab {
    /// The value of `state`.
    pub fn as_str(self) -> &'static str {
        match self {
            Tab::Active => "active",
            Tab::Idle => "idle",
            Tab::Ended => "ended",
        }
    }

    /// What the domain calls it.
    pub fn listed(self) -> Listed {
        if self == Tab::Ended {
            Listed::Ended
        } else {
            Listed::Active
        }
    }
}

/// The request, as it was made.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The search box.
    pub q: String,
    /// Address or range.
    pub ip: String,
    /// A `client_id`.
    pub client: String,
    /// Idle for at least, such as `15m`.
    pub idle: String,
    /// One of [`STARTED`].
    pub started: String,
    /// Which list.
    pub tab: Tab,
    /// Whether each row shows its details.
    pub details: bool,
    /// The same as far as the address says it: then every address made from this one does.
    pub said_details: Option<bool>,
    /// One of [`SORTS`]; empty for the usual order.
    pub sort: String,
    /// Rows a page, as asked; empty for the usual number.
    pub limit: String,
    /// Where this page begins; empty at the start.
    pub after: String,
    /// How many rows stand before it.
    pub before: u64,
    /// The pages walked through on the way here, oldest first: how many rows stood before each, and its cursor.
    pub trail: Vec<(u64, String)>,
}

impl Filter {
    /// Reads the query of the address. What is not understood shows when the search is made of it.
    pub fn read(query: &str) -> Filter {
        let mut filter = Filter::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            match name.as_ref() {
                "q" => filter.q = value.to_owned(),
                "ip" => filter.ip = value.to_owned(),
                "client" => filter.client = value.to_owned(),
                "idle" => filter.idle = value.to_owned(),
                "started" => filter.started = value.to_owned(),
                "state" => filter.tab = tab(value),
                "details" => filter.said_details = Some(value == "1"),
                "sort" => filter.sort = value.to_owned(),
                "limit" => filter.limit = value.to_owned(),
                "after" => filter.after = value.to_owned(),
                "before" => filter.before = value.parse().unwrap_or_default(),
                "trail" => filter.trail = value.split(',').filter_map(step).collect(),
                _ => {}
            }
        }
        filter.details = filter.said_details.unwrap_or_default();
        filter
    }

    /// The same for a page that has rows: what the address does not say is as this administrator had it last.
    pub fn of_page(gate: &Gate) -> Filter {
        let filter = Filter::read(&gate.query);
        Filter {
            details: filter.said_details.unwrap_or_else(|| details::kept(gate)),
            ..filter
        }
    }

    /// Rows a page.
    pub fn limit(&self) -> usize {
        self.limit
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .unwrap_or(LIMITS[0])
    }

    /// The order asked for.
    pub fn order(&self) -> Order {
        let known = SORTS.iter().find(|(value, _)| *value == self.sort);
        known.map_or(Order::Found, |(_, order)| *order)
    }

    /// The same list in another order, from its start.
    pub fn sorted(&self, gate: &Gate, order: Order) -> Address {
        let known = SORTS.iter().find(|(_, known)| *known == order);
        let sort = known.map_or("", |(value, _)| value).to_owned();
        let kept = Filter {
            sort,
            ..self.clone()
        };
        kept.address(gate)
    }

    /// Whether this is the first page.
    pub fn is_first(&self) -> bool {
        self.after.is_empty()
    }

    /// The filters in effect: the field and what to call it.
    pub fn active(&self) -> Vec<(&'static str, String)> {
        let mut active = Vec::new();
        let mut add = |field, value: &str, label: String| {
            if !value.is_empty() {
                active.push((field, label));
            }
        };
        let idle = IDLE.iter().find(|(value, _)| *value == self.idle);
        let started = STARTED.iter().find(|(value, ..)| *value == self.started);
        add("q", &self.q, format!("“{}”", self.q));
        add("ip", &self.ip, format!("IP {}", self.ip));
        add("client", &self.client, format!("App {}", self.client));
        add(
            "idle",
            &self.idle,
            idle.map_or_else(
                || format!("Idle over {}", self.idle),
                |(_, l)| (*l).to_owned(),
            ),
        );
        add(
            "started",
            &self.started,
            started.map_or_else(
                || self.started.clone(),
                |(_, l, ..)| format!("Started {}", lower(l)),
            ),
        );
        if self.tab == Tab::Idle && self.idle.is_empty() {
            active.push(("state", "Idle".to_owned()));
        }
        active
    }

    /// The search that all of it amounts to.
    ///
    /// # Errors
    /// The field that does not read, and what would.
    pub fn query(&self, realm: &Realm, now: Timestamp) -> Result<Query, Problem> {
        let problem = |field: &str, message: String| Problem {
            field: field.to_owned(),
            message,
        };
        let mut text = self.q.clone();
        Query::parse(&text).map_err(|e| problem("q", capital(&e.to_string())))?;
        let mut add = |field: &str, term: String, wrong: String| -> Result<(), Problem> {
            let reads = term.split_whitespace().count() == 1 && Query::parse(&term).is_ok();
            if !reads {
                return Err(problem(field, wrong));
            }
            text = format!("{text} {term}");
            Ok(())
        };
        if !self.ip.is_empty() {
            let wrong = format!(
                "“{}” is not an address or a range. Try 192.0.2.7 or 10.20.4.0/24.",
                self.ip
            );
            add("ip", format!("ip:{}", self.ip), wrong)?;
        }
        if !self.client.is_empty() {
            add(
                "client",
                format!("client:{}", self.client),
                format!("“{}” is not a client id.", self.client),
            )?;
        }
        if let Some(idle) = self.idle_over(realm) {
            let wrong = format!("“{idle}” is not a length of time. Try 15m or 2h.");
            add("idle", format!("idle>{idle}"), wrong)?;
        }
        if !self.started.is_empty() {
            let known = STARTED.iter().find(|(value, ..)| *value == self.started);
            let term = known.map(|(_, _, ago, since)| {
                let operator = if *since { '>' } else { '<' };
                format!("started{operator}{}", now.minus(*ago).rfc3339())
            });
            add(
                "started",
                term.unwrap_or_default(),
                format!("“{}” is not one of the times offered.", self.started),
            )?;
        }
        Query::parse(&text).map_err(|e| problem("q", capital(&e.to_string())))
    }

    /// How long idle, in the search's own words; of ended sessions it means nothing.
    fn idle_over(&self, realm: &Realm) -> Option<String> {
        match self.tab {
            Tab::Ended => None,
            Tab::Idle if self.idle.is_empty() => {
                Some(idle_threshold(realm).to_string().replace(' ', ""))
            }
            _ => Some(self.idle.clone()).filter(|idle| !idle.is_empty()),
        }
    }

    /// The address of the first page of this list.
    pub fn address(&self, gate: &Gate) -> Address {
        self.without(gate, "")
    }

    /// The same without one of the filters.
    pub fn without(&self, gate: &Gate, field: &str) -> Address {
        let keep = |name: &str, value: &str| {
            if name == field {
                String::new()
            } else {
                value.to_owned()
            }
        };
        let tab = if self.tab == Tab::Active {
            ""
        } else {
            self.tab.as_str()
        };
        gate.at("/sessions")
            .with("q", &keep("q", &self.q))
            .with("ip", &keep("ip", &self.ip))
            .with("client", &keep("client", &self.client))
            .with("idle", &keep("idle", &self.idle))
            .with("started", &keep("started", &self.started))
            .with("state", &keep("state", tab))
            .with("details", said(self.said_details))
            .with("sort", &self.sort)
            .with("limit", &self.limit)
    }

    /// This very page.
    pub fn here(&self, gate: &Gate) -> Address {
        if self.is_first() {
            return self.address(gate);
        }
        self.page(gate, &self.after, self.before, &self.trail)
    }

    /// The page that begins at `next`, `rows` further on.
    pub fn next(&self, gate: &Gate, next: &str, rows: u64) -> Address {
        let mut trail = self.trail.clone();
        if !self.is_first() {
            trail.push((self.before, self.after.clone()));
        }
        let surplus = trail.len().saturating_sub(LONGEST_TRAIL);
        trail.drain(..surplus);
        self.page(gate, next, self.before + rows, &trail)
    }

    /// The page before this one: the last step of the trail, or the start.
    pub fn previous(&self, gate: &Gate) -> Option<Address> {
        if self.is_first() {
            return None;
        }
        let mut trail = self.trail.clone();
        Some(match trail.pop() {
            Some((before, after)) => self.page(gate, &after, before, &trail),
            None => self.address(gate),
        })
    }

    fn page(&self, gate: &Gate, after: &str, before: u64, trail: &[(u64, String)]) -> Address {
        let trail: Vec<String> = trail
            .iter()
            .map(|(rows, cursor)| format!("{rows}.{cursor}"))
            .collect();
        self.address(gate)
            .with("after", after)
            .with("before", &before.to_string())
            .with("trail", &trail.join(","))
    }
}

/// From when on a session counts as idle: half of what the realm allows.
pub fn idle_threshold(realm: &Realm) -> Span {
    Span::secs((realm.settings.sessions.idle_timeout.whole_secs() / 2).max(1))
}

fn tab(value: &str) -> Tab {
    match value {
        "idle" => Tab::Idle,
        "ended" => Tab::Ended,
        _ => Tab::Active,
    }
}

fn said(details: Option<bool>) -> &'static str {
    details.map_or("", |on| if on { "1" } else { "0" })
}

fn step(text: &str) -> Option<(u64, String)> {
    let (before, cursor) = text.split_once('.')?;
    Some((before.parse().ok()?, cursor.to_owned()))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|c| c.to_uppercase().collect::<String>())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|c| c.to_lowercase().collect::<String>())
        .unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// The orders as `sort` has them.
const SORTS: [(&str, Order); 4] = [
    ("newest", Order::Newest),
    ("oldest", Order::Oldest),
    ("name", Order::Name),
    ("-name", Order::NameBackward),
];

/// Steps of a trail that an address carries; further back, "Previous" leads to the start.
const LONGEST_TRAIL: usize = 15;

#[cfg(test)]
mod tests;
