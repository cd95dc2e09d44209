//! Why a list is empty, in facts: whether the user exists, when they were last here, which filters to take away.

use super::filter::{Filter, Tab};
use super::gate::Gate;
use super::pages::{Empty, Narrowing};
use super::rows::{how, user_url};
use super::words;
use crate::domain::access::Right;
use crate::domain::realm::Realm;
use crate::domain::session::Query;
use crate::domain::session::search::{Listed, search};
use crate::domain::user::{self, User};
use crate::domain::{Context, Fault};

/// Why nothing was found; `by_name` says whether people of that name are shown above.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn why(
    gate: &Gate,
    filter: &Filter,
    query: &Query,
    by_name: bool,
) -> Result<Empty, Fault> {
    let active = filter.active();
    if active.is_empty() {
        return Ok(Empty::Realm {
            ended: filter.tab == Tab::Ended,
            apps: gate.may(Right::ViewClients),
        });
    }
    let only_a_name =
        active.len() == 1 && filter.tab == Tab::Active && *query == just_a_name(query);
    if !only_a_name {
        return Ok(narrow(gate, filter));
    }
    let wanted = filter.q.clone();
    let Some(user) = named(&gate.ctx, &gate.realm, query).await? else {
        return Ok(Empty::NoMatch {
            query: wanted,
            by_name,
        });
    };
    let name = format!("user:{}", user.username);
    let last = last_end(gate, &name).await?;
    let ended_url = gate
        .at("/sessions")
        .with("q", &name)
        .with("state", Tab::Ended.as_str())
        .to_string();
    Ok(Empty::SignedOut {
        query: wanted,
        user_url: user_url(gate, user.id),
        username: user.username,
        last,
        ended_url,
    })
}

/// Which filters to take away.
pub fn narrow(gate: &Gate, filter: &Filter) -> Empty {
    let narrowing = |(field, label)| Narrowing {
        label,
        without_url: filter.without(gate, field).to_string(),
    };
    Empty::Narrow {
        filters: filter.active().into_iter().map(narrowing).collect(),
    }
}

/// The same search reduced to the name in it.
fn just_a_name(query: &Query) -> Query {
    let mut reduced = Query::parse(query.text()).unwrap_or_default();
    (reduced.ip, reduced.client, reduced.device, reduced.node) = (None, None, None, None);
    (reduced.idle_over, reduced.idle_under) = (None, None);
    (reduced.started_before, reduced.started_after) = (None, None);
    reduced
}

/// The user a name means: the one of exactly this name, else the first whose name begins so.
async fn named(ctx: &Context, realm: &Realm, query: &Query) -> Result<Option<User>, Fault> {
    if let Some(name) = &query.user {
        return Ok(user::find(ctx, realm, name).await?.map(|found| found.value));
    }
    let Some(prefix) = &query.prefix else {
        return Ok(None);
    };
    let (users, _) = user::list(ctx, realm, prefix, None, 1).await?;
    Ok(users.into_iter().next())
}

async fn last_end(gate: &Gate, name: &str) -> Result<Option<String>, Fault> {
    // A name with spaces in it does not read as a search; then the last end is simply not known.
    let Ok(query) = Query::parse(name) else {
        return Ok(None);
    };
    let found = search(&gate.ctx, &gate.realm, &query, Listed::Ended, None, 1).await?;
    let end = found
        .ok()
        .and_then(|found| found.rows.first().and_then(|row| row.session.ended));
    Ok(end.map(|end| {
        format!(
            "{} {}",
            words::in_sentence(gate.now, end.at),
            how(end.reason, None)
        )
    }))
}
