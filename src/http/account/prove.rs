//! The password again, when the sign-in is some time ago: an open browser is not its owner.

use serde::{Deserialize, Serialize};

use super::me::Me;
use crate::crypto::Secret;
use crate::domain::Fault;
use crate::domain::id::Sid;
use crate::domain::time::{Span, Timestamp};
use crate::domain::user::{self, AuthenticateError};
use crate::protocol::Params;

/// Credentials given since are fresh.
const FRESH: Span = Span::mins(15);
const PROVED: &str = "account-proved";

/// That the password was given on these pages.
#[derive(Serialize, Deserialize)]
struct Proved {
    sid: Sid,
    at: Timestamp,
}

/// Whether the password has to be given again.
pub(super) async fn is_due(me: &Me) -> Result<bool, Fault> {
    let now = me.ctx().now();
    if now.since(me.active.session.auth_time) < FRESH {
        return Ok(false);
    }
    let proved = me.visit.browser.get::<Proved>(PROVED).await?;
    let fresh =
        |proved: &Proved| proved.sid == me.active.session.sid && now.since(proved.at) < FRESH;
    Ok(!proved.as_ref().is_some_and(fresh))
}

/// Checks the password where it is due; why not, in words.
pub(super) async fn check(me: &Me, params: &Params) -> Result<Result<(), String>, Fault> {
    if !is_due(me).await? {
        return Ok(Ok(()));
    }
    let given = params.owned("password").unwrap_or_default();
    password(me, given).await
}

/// Checks the password of whoever is here; why not, in words.
pub(super) async fn password(me: &Me, given: String) -> Result<Result<(), String>, Fault> {
    let (ctx, realm, words) = (me.ctx(), me.realm(), me.words());
    let (user, now, throttle) = (&me.user.value, ctx.now(), &ctx.throttle);
    let attempt = match throttle.admit(now, realm.id, &user.username, &me.visit.peer.ip, true) {
        Ok(attempt) => attempt,
        Err(wait) => return Ok(Err((words.login.wait)(wait.0.div_ceil(1000).max(1)))),
    };
    let why = match user::authenticate(ctx, realm, &user.username, Secret::new(given)).await? {
        Ok(found) if found.value.id == user.id => {
            throttle.forgive(attempt, now, true);
            let proved = Proved {
                sid: me.active.session.sid,
                at: now,
            };
            me.visit.browser.set(PROVED, &proved).await?;
            return Ok(Ok(()));
        }
        Ok(_) | Err(AuthenticateError::WrongCredentials) => words.mine.password_wrong,
        Err(AuthenticateError::TooBusy) => {
            throttle.forgive(attempt, now, false);
            words.login.busy
        }
        Err(AuthenticateError::Disabled | AuthenticateError::Blocked(_)) => words.login.disabled,
    };
    Ok(Err(why.to_owned()))
}
