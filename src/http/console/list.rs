//! The list of sessions: a page of a search with the administrator's own session first, and where to go from it.

use super::also;
use super::choices::LIMITS;
use super::chosen::Frozen;
use super::command;
use super::filter::{Filter, Tab};
use super::frame::Stop;
use super::gate::Gate;
use super::nothing;
use super::pages::{
    AlsoFound, Choice, Everything, Heading, Problem, SessionsList, also_by, counted, grouped,
};
use super::rows::rows;
use crate::domain::Fault;
use crate::domain::access::Right;
use crate::domain::realm::Realm;
use crate::domain::session::Query;
use crate::domain::session::search::{self, Found, Listed, Order, Row, offered, order_of, search};

/// Makes the list that is asked for.
///
/// # Errors
/// [`Stop`] when the store does not answer.
pub async fn list(gate: &Gate, filter: &Filter) -> Result<SessionsList, Stop> {
    let also = also::found(gate, filter).await?;
    let query = match filter.query(&gate.realm, gate.now) {
        Ok(query) => query,
        Err(_) if also::is_several_words(filter) => {
            let list = blank(gate, filter);
            return Ok(with_people(also::alone(list, filter, &also), filter, also));
        }
        Err(problem) => return Ok(unreadable(gate, filter, problem)),
    };
    let Some(found) = find(gate, filter, &query).await? else {
        let message = "This page of the list is gone. Start again from the first page.".to_owned();
        return Ok(unreadable(
            gate,
            filter,
            Problem {
                field: "after".to_owned(),
                message,
            },
        ));
    };
    let Found {
        rows: mut on_page,
        next,
        total,
        total_is_exact,
    } = found;
    let own = own_row(gate, filter, &query).await?;
    on_page.retain(|row| row.session.sid != gate.admin.sid());
    let own_matches = own.is_some();
    if filter.is_first() {
        on_page.splice(0..0, own);
    }
    let rows = rows(gate, &on_page, filter.details).await?;
    let mut list = blank(gate, filter);
    if rows.is_empty() && next.is_none() && filter.is_first() {
        list.empty = Some(nothing::why(gate, filter, &query, !also.is_empty()).await?);
    } else if rows.is_empty() && next.is_some() {
        list.warning =
            Some("None of the sessions looked at so far fits. Go on to look at more.".to_owned());
    }
    let here = rows.len() as u64;
    let whole = filter.is_first() && next.is_none();
    let total = if whole {
        Some((here, true))
    } else {
        total.map(|total| (total, total_is_exact))
    };
    (list.shown, list.of, list.results) = counts(filter, &query, here, whole, total);
    sorting(gate, filter, &query, &mut list);
    list.command = command::list(gate, filter.tab.listed(), &query);
    if filter.tab != Tab::Ended {
        let live = filter.address(gate).to_string();
        let (path, asked) = live.split_once('?').unwrap_or((&live, ""));
        let since = gate.now.0;
        list.live_url = Some(format!("{path}/live?opened={since}&{asked}"));
    }
    list.highlight = query
        .user
        .clone()
        .or_else(|| query.prefix.clone())
        .unwrap_or_default();
    list.organisations = rows.iter().any(|row| !row.organisation.is_empty());
    list.previous_url = filter.previous(gate).map(|to| to.to_string());
    list.next_url = next
        .as_ref()
        .map(|next| filter.next(gate, next, here).to_string());
    let others = here > u64::from(own_matches && filter.is_first());
    let wider = next.is_some() || !filter.is_first() || !filter.active().is_empty();
    if filter.tab != Tab::Ended && others && wider && gate.may(Right::EndSessions) {
        let count = total.map_or_else(String::new, |(total, exact)| {
            let total = total.saturating_sub(u64::from(own_matches));
            format!("{}{}", grouped(total), if exact { "" } else { "+" })
        });
        list.everything = Some(Everything {
            count,
            token: Frozen::of_list(gate, &query).seal(gate)?,
        });
    }
    list.may_end = gate.may(Right::EndSessions);
    list.rows = rows;
    Ok(with_people(list, filter, also))
}

/// The list with whom a name finds beside it, which is announced with the number of results.
fn with_people(mut list: SessionsList, filter: &Filter, also: Vec<AlsoFound>) -> SessionsList {
    list.also_by = also_by(&filter.q, list.rows.is_empty());
    if !also.is_empty() {
        let people: Vec<String> = also.iter().map(AlsoFound::sentence).collect();
        list.results = format!("{}. {} {}", list.results, list.also_by, people.join("; "));
    }
    list.also = also;
    list
}

/// Which headings sort, how it is sorted now, and that in words.
fn sorting(gate: &Gate, filter: &Filter, query: &Query, list: &mut SessionsList) {
    if filter.tab == Tab::Ended {
        return;
    }
    let (offered, order) = (offered(query), order_of(query, filter.order()));
    let to = |order| Some(filter.sorted(gate, order).to_string());
    let way = |is_up: bool, is_down: bool| match (is_up, is_down) {
        (true, _) => "ascending",
        (_, true) => "descending",
        _ => "",
    };
    list.name = Heading {
        url: to(if order == Order::Name {
            Order::NameBackward
        } else {
            Order::Name
        })
        .filter(|_| offered.name),
        sorted: way(order == Order::Name, order == Order::NameBackward),
    };
    // A session that began later has lasted shorter.
    list.start = Heading {
        url: to(if order == Order::Newest {
            Order::Oldest
        } else {
            Order::Newest
        })
        .filter(|_| offered.start),
        sorted: way(order == Order::Newest, order == Order::Oldest),
    };
    let words = match order {
        Order::Newest => "newest sign-in first",
        Order::Oldest => "oldest sign-in first",
        Order::Name => "by username",
        Order::NameBackward => "by username, backward",
        Order::Found => "by address",
    };
    let what = match filter.tab {
        Tab::Idle => "Idle",
        Tab::Active | Tab::Ended => "Active",
    };
    list.caption = format!("{what} sessions, {words}");
}

/// How many sessions are active, as it is read: "2,418", "1,000+".
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn how_many(gate: &Gate, realm: &Realm) -> Result<String, Fault> {
    how_many_are(gate, realm, Listed::Active).await
}

/// The same of the ended ones, or of the active.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn how_many_are(gate: &Gate, realm: &Realm, listed: Listed) -> Result<String, Fault> {
    let found = search(&gate.ctx, realm, &Query::default(), listed, None, 1)
        .await?
        .ok();
    Ok(found.map_or_else(String::new, |found| {
        let total = found.total.unwrap_or_default();
        format!(
            "{}{}",
            grouped(total),
            if found.total_is_exact { "" } else { "+" }
        )
    }))
}

/// A page of the search. One that was cut short because nothing fitted is gone on with, for a while.
async fn find(gate: &Gate, filter: &Filter, query: &Query) -> Result<Option<Found>, Fault> {
    let mut cursor = Some(filter.after.clone()).filter(|after| !after.is_empty());
    let mut first: Option<Found> = None;
    for _ in 0..PATIENCE {
        let listed = filter.tab.listed();
        let (ctx, realm, order) = (&gate.ctx, &gate.realm, filter.order());
        let at = cursor.as_deref();
        let answer = search::sorted(ctx, realm, query, listed, order, at, filter.limit()).await?;
        let Ok(mut found) = answer else {
            return Ok(None);
        };
        if let Some(first) = &first {
            (found.total, found.total_is_exact) = (first.total, first.total_is_exact);
        }
        if !found.rows.is_empty() || found.next.is_none() {
            return Ok(Some(found));
        }
        cursor.clone_from(&found.next);
        first = Some(found);
    }
    Ok(first)
}

/// The administrator's own session, when it is one of this realm and fits the search.
async fn own_row(gate: &Gate, filter: &Filter, query: &Query) -> Result<Option<Row>, Fault> {
    if gate.admin.home.id != gate.realm.id || filter.tab == Tab::Ended {
        return Ok(None);
    }
    let row = search::one(&gate.ctx, &gate.realm, gate.admin.sid()).await?;
    Ok(row.filter(|row| {
        let active = row.active.as_ref();
        query.fits(&row.session)
            && active.is_some_and(|a| query.fits_use(gate.now.since(a.last_active), &a.last_node))
    }))
}

fn counts(
    filter: &Filter,
    query: &Query,
    here: u64,
    whole: bool,
    total: Option<(u64, bool)>,
) -> (String, String, String) {
    let ended = if filter.tab == Tab::Ended {
        "ended "
    } else {
        ""
    };
    let matching = match (
        query.is_prefix_only(),
        &query.prefix,
        filter.active().is_empty(),
    ) {
        (true, Some(_), _) => format!(" that match “{}”", filter.q),
        (_, _, false) => " that fit the filters".to_owned(),
        _ => String::new(),
    };
    if whole {
        let noun = if here == 1 { "session" } else { "sessions" };
        let results = if here == 0 {
            "No session found".to_owned()
        } else {
            format!("Showing {}{matching}", counted(here, "session", "sessions"))
        };
        return (grouped(here), format!("{ended}{noun}{matching}"), results);
    }
    let (from, to) = (filter.before + 1, filter.before + here);
    let shown = if here == 0 {
        "0".to_owned()
    } else {
        format!("{}–{}", grouped(from), grouped(to))
    };
    let of = match total {
        Some((total, exact)) => {
            format!(
                "of {}{}{matching}",
                grouped(total.max(to)),
                if exact { "" } else { "+" }
            )
        }
        None => format!("{ended}sessions{matching}"),
    };
    let results = format!("Showing {} to {} {of}", grouped(from), grouped(to));
    (shown, of, results)
}

fn unreadable(gate: &Gate, filter: &Filter, problem: Problem) -> SessionsList {
    let mut list = blank(gate, filter);
    list.empty = Some(nothing::narrow(gate, filter));
    list.problem = Some(problem);
    list
}

fn blank(gate: &Gate, filter: &Filter) -> SessionsList {
    let limit = filter.limit();
    let mut limits: Vec<usize> = LIMITS.to_vec();
    if !limits.contains(&limit) {
        limits.push(limit);
        limits.sort_unstable();
    }
    let limits = limits
        .iter()
        .map(|n| Choice {
            value: n.to_string(),
            label: n.to_string(),
            selected: *n == limit,
        })
        .collect();
    SessionsList {
        base: gate.base(),
        csrf: gate.csrf.clone(),
        caption: match filter.tab {
            Tab::Active => "Active sessions".to_owned(),
            Tab::Idle => "Idle sessions".to_owned(),
            Tab::Ended => "Ended sessions, newest end first".to_owned(),
        },
        highlight: String::new(),
        name: Heading::default(),
        start: Heading::default(),
        first: filter.address(gate).to_string(),
        here_url: filter.here(gate).to_string(),
        live_url: None,
        command: String::new(),
        kept: Vec::new(),
        also: Vec::new(),
        also_by: "",
        rows: Vec::new(),
        ended: filter.tab == Tab::Ended,
        may_end: gate.may(Right::EndSessions),
        organisations: false,
        shown: "0".to_owned(),
        of: "sessions".to_owned(),
        results: String::new(),
        previous_url: None,
        next_url: None,
        limits,
        everything: None,
        empty: None,
        problem: None,
        warning: None,
    }
}

/// Searches made for one page before it is answered without rows.
const PATIENCE: usize = 8;
