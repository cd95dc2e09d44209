//! `GET /admin/{realm}/signouts`: the acts of a realm, newest first. What people did comes first; what merely ran out would
//! drown it and is shown when asked for.

use std::collections::BTreeMap;

use axum::http::StatusCode;

use super::address::Address;
use super::choices::choices;
use super::frame::{self, Answer};
use super::gate::{Form, Gate};
use super::pages::{Link, ReceiptFilters, ReceiptRow, ReceiptsPage, Section, counted};
use super::receipt::{names, reason, state};
use super::words;
use crate::domain::access::Right;
use crate::domain::id::SignOutId;
use crate::domain::signout::{Reason, SignOut, receipt};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{ActorKind, Fault};

/// What is asked for.
struct Wanted {
    /// Part of the name of who did it.
    by: String,
    /// One of [`WHY`].
    reason: String,
    /// One of [`SINCE`].
    since: String,
    /// Whether what ran out by itself is shown too.
    all: bool,
    from: Option<Timestamp>,
}

/// Why, to choose from.
const WHY: [(&str, &str, &[Reason]); 6] = [
    ("admin", "An administrator", &[Reason::Admin]),
    ("user", "The person", &[Reason::User, Reason::RpLogout]),
    (
        "account",
        "A change of the account",
        &[
            Reason::UserDisabled,
            Reason::UserDeleted,
            Reason::PasswordChanged,
            Reason::SignInBlocked,
        ],
    ),
    (
        "safety",
        "A credential used twice",
        &[Reason::RefreshReuse, Reason::CodeReplay],
    ),
    (
        "rule",
        "A rule of the realm",
        &[Reason::SessionLimit, Reason::AddressRule],
    ),
    (
        "elsewhere",
        "An app or another system",
        &[
            Reason::TokenRevoked,
            Reason::ClientDisabled,
            Reason::GlobalRevocation,
        ],
    ),
];

/// Since when, to choose from.
const SINCE: [(&str, &str, Span); 4] = [
    ("1h", "In the last hour", Span::hours(1)),
    ("24h", "In the last 24 hours", Span::hours(24)),
    ("7d", "In the last 7 days", Span::days(7)),
    ("30d", "In the last 30 days", Span::days(30)),
];

impl Wanted {
    fn read(gate: &Gate, query: &Form) -> Wanted {
        let since = SINCE
            .iter()
            .find(|(value, ..)| *value == query.one("since"));
        let reason = WHY.iter().find(|(value, ..)| *value == query.one("reason"));
        Wanted {
            by: query.one("by").trim().to_owned(),
            reason: reason.map_or("", |(value, ..)| value).to_owned(),
            since: since.map_or("", |(value, ..)| value).to_owned(),
            all: query.one("expiries") == "1",
            from: since.map(|(_, _, span)| gate.now.minus(*span)),
        }
    }

    fn fits(&self, act: &SignOut) -> bool {
        let why = WHY.iter().find(|(value, ..)| *value == self.reason);
        let name = act.actor.name.to_lowercase();
        (self.all || act.actor.kind != ActorKind::System)
            && name.contains(&self.by.to_lowercase())
            && why.is_none_or(|(.., reasons)| reasons.contains(&act.reason))
    }

    fn is_filter(&self) -> bool {
        !(self.by.is_empty() && self.reason.is_empty() && self.since.is_empty())
    }

    fn address(&self, gate: &Gate, all: bool) -> Address {
        gate.at("/signouts")
            .with("by", &self.by)
            .with("reason", &self.reason)
            .with("since", &self.since)
            .with("expiries", if all { "1" } else { "" })
    }

    fn filters(&self, gate: &Gate) -> ReceiptFilters {
        let named = |(value, label): (&str, &str)| (value.to_owned(), label.to_owned());
        let why = WHY.iter().map(|(value, label, _)| named((value, label)));
        let since = SINCE.iter().map(|(value, label, _)| named((value, label)));
        let clear = gate
            .at("/signouts")
            .with("expiries", if self.all { "1" } else { "" });
        ReceiptFilters {
            action: gate.at("/signouts").to_string(),
            by: self.by.clone(),
            reasons: choices("Any reason", why, &self.reason),
            since: choices("At any time", since, &self.since),
            expiries: self.all,
            clear_url: self.is_filter().then(|| clear.to_string()),
        }
    }
}

/// Answers the list.
pub async fn page(gate: Gate) -> Answer {
    gate.need(Right::ViewSessions)?;
    let query = Form::read(gate.query.as_bytes());
    let wanted = Wanted::read(&gate, &query);
    let after = query.one("after").parse::<SignOutId>().ok();
    let (acts, next) = acts(&gate, after, &wanted).await?;
    let mut rows = Vec::with_capacity(acts.len());
    for act in &acts {
        rows.push(row(&gate, act).await?);
    }
    let here = wanted.address(&gate, wanted.all);
    let label = if wanted.all {
        "Hide what ran out by itself"
    } else {
        "Show what ran out by itself"
    };
    let page = ReceiptsPage {
        shell: gate.shell(Section::Receipts),
        filters: wanted.filters(&gate),
        rows,
        switch: Link {
            label: label.to_owned(),
            url: wanted.address(&gate, !wanted.all).to_string(),
        },
        // The newest are one step away; in between, the browser's own "back" is right.
        previous_url: after.map(|_| here.to_string()),
        next_url: next.map(|id| here.with("after", &id.to_string()).to_string()),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

async fn acts(
    gate: &Gate,
    mut after: Option<SignOutId>,
    wanted: &Wanted,
) -> Result<(Vec<SignOut>, Option<SignOutId>), Fault> {
    let mut acts: Vec<SignOut> = Vec::new();
    for _ in 0..PATIENCE {
        let (page, next) = receipt::list(&gate.ctx, &gate.realm, after, LOOKED_AT).await?;
        for act in page {
            if acts.len() == ON_A_PAGE {
                return Ok((acts, after));
            }
            // The newest come first: whatever follows is older still.
            if wanted.from.is_some_and(|from| act.at < from) {
                return Ok((acts, None));
            }
            after = Some(act.id);
            if wanted.fits(&act) {
                acts.push(act);
            }
        }
        if next.is_none() {
            return Ok((acts, None));
        }
        after = next;
    }
    Ok((acts, after))
}

async fn row(gate: &Gate, act: &SignOut) -> Result<ReceiptRow, Fault> {
    let mut row = ReceiptRow {
        id: act.id.to_string(),
        url: gate.at(&format!("/signouts/{}", act.id)).to_string(),
        at: words::ago(gate.now, act.at),
        by: act.actor.name.clone(),
        reason: reason(act),
        who: counted(act.people, "person", "people"),
        sessions: act.sessions,
        answered: 0,
        apps: 0,
        state: state(act).to_owned(),
        failed: false,
    };
    if (1..=LOOKED_INTO).contains(&act.sessions) {
        let sessions =
            receipt::sessions(&gate.ctx, &gate.realm, act.id, LOOKED_INTO as usize).await?;
        let people: BTreeMap<_, _> = sessions.iter().map(|s| (s.user, s.name.as_str())).collect();
        if people.len() as u64 == act.people {
            row.who = names(people.into_values());
        }
        let (apps, _) = receipt::apps(&gate.ctx, &gate.realm, act).await?;
        for app in apps {
            let status = app.state.as_str();
            row.apps += u64::from(!matches!(status, "bounded" | "not_capable"));
            row.answered += u64::from(status == "acknowledged");
            row.failed |= matches!(status, "rejected" | "gave_up");
        }
    }
    Ok(row)
}

const ON_A_PAGE: usize = 25;
/// Acts read at once, and how often, to fill a page.
const LOOKED_AT: usize = 100;
const PATIENCE: usize = 10;
/// Acts of more sessions than this are not looked into for the list.
const LOOKED_INTO: u64 = 50;
