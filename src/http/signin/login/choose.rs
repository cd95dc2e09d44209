//! The choice of sessions to end: for somebody whose password was right and who holds as many sessions as the realm
//! allows (`limit_action = "ask"`).
//!
//! That the password was right is kept with the browser's state for a few minutes, together with the version of the
//! user's record it was right for: a new password, a block or a sign-out everywhere in between asks for it again.

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::Way;
use super::submit::{arrived, cancelled, refused};
use crate::domain::Fault;
use crate::domain::denial::{self, ActiveSession};
use crate::domain::id::{RealmId, Sid, UserId};
use crate::domain::record::Versioned;
use crate::domain::session::{self, Refused, Start, Terms, limit};
use crate::domain::time::{Span, Timestamp};
use crate::domain::user::{self, User};
use crate::http::signin::csrf;
use crate::http::signin::views::{ChoosePage, HeldSession};
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::words::{When, Words};
use crate::protocol::Params;

/// Credentials that were right, and no session yet.
#[derive(Serialize, Deserialize)]
struct Proved {
    realm: RealmId,
    interaction: String,
    user: UserId,
    version: u64,
    at: Timestamp,
    remember: bool,
}

const PROVED: &str = "proved";
/// How long the choice may take.
const PATIENCE: Span = Span::mins(5);
/// The most sessions on the page.
const MOST_SHOWN: usize = 50;

/// Keeps what was proved and goes to the choice.
///
/// # Errors
/// [`Refusal`] to be shown.
pub(super) async fn begin(
    visit: &Visit,
    way: &Way,
    user: &Versioned<User>,
    remember: bool,
    at: Timestamp,
) -> Result<Response, Refusal> {
    // A new id first: whoever planted this browser's state must not go on with it.
    visit.browser.renew(visit.ctx()).await?;
    let proved = Proved {
        realm: visit.realm.id,
        interaction: way.id.clone(),
        user: user.value.id,
        version: user.version.0.get(),
        at,
        remember,
    };
    visit.browser.set(PROVED, &proved).await?;
    visit.go(&page_of(visit, &way.id))
}

fn page_of(visit: &Visit, interaction: &str) -> String {
    visit.path(&format!("/login/sessions?interaction={interaction}"))
}

/// GET: the choice.
pub async fn show(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let outcome = shown(&visit, query.unwrap_or_default()).await;
    visit.answer(outcome)
}

async fn shown(visit: &Visit, query: String) -> Result<Response, Refusal> {
    let params = Params::parse_form(query)?;
    let way = Way::find(visit, params.one("interaction").unwrap_or_default()).await?;
    let old = visit.present().await?.good();
    match proved(visit, &way).await? {
        Some((_, user)) => page(visit, &way, &user, old.as_ref(), false).await,
        None => visit.go(&way.again(visit)),
    }
}

/// POST: the answer.
pub async fn submit(visit: Visit, body: Bytes) -> Response {
    let outcome = submitted(&visit, &body).await;
    visit.answer(outcome)
}

async fn submitted(visit: &Visit, body: &[u8]) -> Result<Response, Refusal> {
    let params = Params::read(body)?;
    let way = Way::find(visit, params.one("interaction").unwrap_or_default()).await?;
    let again = page_of(visit, &way.id);
    csrf::check(visit, params.one("csrf").unwrap_or_default(), again).await?;
    if params.one("cancel").is_some() {
        visit.browser.take::<Proved>(PROVED).await?;
        return cancelled(visit, &way).await;
    }
    let old = visit.present().await?.good();
    let Some((proved, user)) = proved(visit, &way).await? else {
        return visit.go(&way.again(visit));
    };
    let ending: Vec<Sid> = params
        .many("end")
        .filter_map(|sid| sid.parse().ok())
        .collect();
    let start = Start {
        user: &user,
        amr: vec!["pwd".to_owned()],
        remember_me: proved.remember,
        ip: &visit.peer.ip,
        user_agent: &visit.peer.user_agent,
    };
    let terms = Terms {
        given_at: Some(proved.at),
        instead: old.as_ref(),
        ending: &ending,
    };
    match session::start(visit.ctx(), &visit.realm, start, terms).await {
        Ok(Ok(started)) => {
            visit.browser.take::<Proved>(PROVED).await?;
            arrived(visit, &way, &user.value, &started).await
        }
        Ok(Err(Refused::Choose(_))) => page(visit, &way, &user, old.as_ref(), true).await,
        Ok(Err(why @ (Refused::Limit(_) | Refused::Address))) => {
            visit.browser.take::<Proved>(PROVED).await?;
            refused(visit, &way, &user.value.username, proved.remember, &why).await
        }
        // The user changed meanwhile: what was proved counts no more.
        Err(Fault::Busy) => visit.go(&way.again(visit)),
        Err(fault) => Err(fault.into()),
    }
}

/// What this browser proved for this sign-in, as long as it counts.
async fn proved(visit: &Visit, way: &Way) -> Result<Option<(Proved, Versioned<User>)>, Fault> {
    let (ctx, realm) = (visit.ctx(), &visit.realm);
    let Some(proved) = visit.browser.get::<Proved>(PROVED).await? else {
        return Ok(None);
    };
    let fits = proved.realm == realm.id && proved.interaction == way.id;
    if !fits || ctx.now().since(proved.at) >= PATIENCE {
        return Ok(None);
    }
    let Some(user) = user::by_id(ctx, realm, proved.user).await? else {
        return Ok(None);
    };
    if user.version.0.get() != proved.version {
        return Ok(None);
    }
    let verdict = denial::still_count(ctx, realm, proved.user, proved.at).await?;
    Ok(verdict.ok().map(|()| (proved, user)))
}

async fn page(
    visit: &Visit,
    way: &Way,
    user: &Versioned<User>,
    old: Option<&ActiveSession>,
    too_few: bool,
) -> Result<Response, Refusal> {
    let most = usize::try_from(visit.realm.settings.sessions.limit).unwrap_or(usize::MAX);
    let mut held = limit::held(visit.ctx(), &visit.realm, user.value.id).await?;
    held.retain(|active| old.map(|old| old.session.sid) != Some(active.session.sid));
    let need = (held.len() + 1).saturating_sub(most.max(1));
    let words = visit.words();
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let sessions = held.iter().take(MOST_SHOWN).enumerate();
    let page = ChoosePage {
        gate: visit.gate_at(page_of(visit, &way.id)),
        action: visit.path("/login/sessions"),
        csrf: visit.browser.csrf(visit.ctx()).await?,
        interaction: way.id.clone(),
        client_name: way.client_name(),
        text: (words.way.choose_text)(visit.realm.display_name(), count(most), count(need)),
        sessions: sessions
            .map(|(at, active)| shown_session(words, active, at < need))
            .collect(),
        too_few,
    };
    visit.page(StatusCode::OK, &page)
}

fn shown_session(words: &Words, active: &ActiveSession, checked: bool) -> HeldSession {
    let session = &active.session;
    HeldSession {
        sid: session.sid.to_string(),
        device: words.device(&session.device),
        ip: session.ip.clone(),
        last_active: When::of(words, active.last_active),
        started: When::of(words, session.started_at),
        checked,
    }
}
