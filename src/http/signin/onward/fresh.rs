//! Whether the person at the browser gave credentials recently enough.

use super::Asked;
use crate::domain::Fault;
use crate::domain::denial::ActiveSession;
use crate::domain::id::Sid;
use crate::domain::time::{Span, Timestamp};
use crate::domain::user;
use crate::http::browser::Pending;
use crate::http::signin::visit::Visit;

/// Credentials given on the way stay fresh for as long as the rest of it, a consent page, may take.
const ON_THE_WAY: Span = Span::mins(5);

/// The beginning of a sign-in under way: credentials given from then on are fresh.
#[derive(Clone, Copy)]
pub struct Since {
    at: Timestamp,
    before: Option<Sid>,
    chosen: Option<Sid>,
}

impl Since {
    /// The beginning of this one.
    pub fn of(pending: &Pending) -> Since {
        Since {
            at: pending.started_at,
            before: pending.before,
            chosen: pending.chosen,
        }
    }
}

/// Whether somebody who is signed in may be asked for something new, when no app says more: as freshly as the realm asks
/// for, and not blocked.
///
/// # Errors
/// [`Fault`] when it could not be decided.
pub async fn stands(
    visit: &Visit,
    since: Option<Since>,
    active: &ActiveSession,
) -> Result<bool, Fault> {
    let fresh = came_just_now(visit, since, active) || !wants_credentials(visit, active);
    Ok(fresh && !is_blocked(visit, active).await?)
}

/// Whether credentials were given on this way.
fn came_just_now(visit: &Visit, since: Option<Since>, active: &ActiveSession) -> bool {
    let given_at = active.session.auth_time;
    // A session that was there when the request came is not the fresh one, however young it is.
    let on_the_way =
        |since: Since| given_at >= since.at && since.before != Some(active.session.sid);
    since.is_some_and(on_the_way) && visit.ctx().now().since(given_at) < ON_THE_WAY
}

fn wants_credentials(visit: &Visit, active: &ActiveSession) -> bool {
    let policy = &visit.realm.settings.sessions;
    policy.wants_credentials(active.session.auth_time, visit.ctx().now())
}

/// Whether the sign-in is fresh enough for what the app asks.
pub(super) fn is_fresh(visit: &Visit, asked: &Asked<'_>, active: &ActiveSession) -> bool {
    if came_just_now(visit, asked.since, active) {
        return true;
    }
    let prompt = &asked.request.prompt;
    let was_chosen = |since: Since| since.chosen == Some(active.session.sid);
    if prompt.login || (prompt.select_account && !asked.since.is_some_and(was_chosen)) {
        return false;
    }
    let age = visit.ctx().now().since(active.session.auth_time);
    let too_old = asked
        .request
        .max_age
        .is_some_and(|secs| secs == 0 || age > Span::secs(secs));
    !too_old && !wants_credentials(visit, active)
}

/// Whoever is blocked gets nothing new, also from a session that the block left alone; the login page says why.
pub(super) async fn is_blocked(visit: &Visit, active: &ActiveSession) -> Result<bool, Fault> {
    let ctx = visit.ctx();
    let user = user::by_id(ctx, &visit.realm, active.session.user).await?;
    Ok(user.is_some_and(|user| user.value.blocked(ctx.now()).is_some()))
}
