//! The credentials: throttled, checked, and turned into a session.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;

use super::form::{Shown, form};
use super::{Way, arrive, choose};
use crate::crypto::Secret;
use crate::domain::Fault;
use crate::domain::denial::{self, ActiveSession};
use crate::domain::pulse::Failure;
use crate::domain::record::Versioned;
use crate::domain::session::{self, Refused, Start, Started, Terms};
use crate::domain::time::{Span, Timestamp};
use crate::domain::user::throttle::Attempt;
use crate::domain::user::{self, AuthenticateError, User, attempts};
use crate::http::signin::cookie::{self, Presented};
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::signin::{csrf, onward};
use crate::http::words::{Moment, Words};
use crate::protocol::discovery::path::VERIFICATION;
use crate::protocol::{OAuthError, Params};

/// What the form brings.
struct Form {
    csrf: String,
    interaction: String,
    username: String,
    password: Secret,
    remember: bool,
    cancel: bool,
}

impl Form {
    fn read(body: &[u8]) -> Result<Form, OAuthError> {
        let params = Params::parse_form(body)?;
        let text = |name: &str| params.owned(name).unwrap_or_default();
        Ok(Form {
            csrf: text("csrf"),
            interaction: text("interaction"),
            username: text("username"),
            password: Secret::new(text("password")),
            remember: params.one("remember").is_some(),
            cancel: params.one("cancel").is_some(),
        })
    }
}

/// POST: the credentials.
pub async fn submit(visit: Visit, body: Bytes) -> Response {
    let outcome = submitted(&visit, &body).await;
    visit.answer(outcome)
}

async fn submitted(visit: &Visit, body: &[u8]) -> Result<Response, Refusal> {
    let throttle = &visit.ctx().throttle;
    let given = Form::read(body)?;
    let way = Way::find(visit, &given.interaction).await?;
    csrf::check(visit, &given.csrf, way.again(visit)).await?;
    if given.cancel {
        return cancelled(visit, &way).await;
    }
    let before = visit.present().await?;
    let known = is_known(visit, &before, &given.username).await?;
    let now = visit.ctx().now();
    let attempt = match throttle.admit(now, visit.realm.id, &given.username, &visit.peer.ip, known)
    {
        Ok(attempt) => attempt,
        Err(wait) => {
            failed(visit, Failure::Throttled);
            return too_many(visit, &way, &given, wait).await;
        }
    };
    let old = before.good();
    let (user, started) = match sign_in(visit, &way, &given, old.as_ref()).await? {
        Outcome::In(user, started) => (user, started),
        Outcome::Other(refused) => {
            throttle.forgive(attempt, now, true);
            return other_user(visit, &way, refused).await;
        }
        Outcome::No(why) => {
            failed(
                visit,
                match why {
                    AuthenticateError::WrongCredentials => Failure::Credentials,
                    AuthenticateError::Disabled | AuthenticateError::Blocked(_) => Failure::Blocked,
                    AuthenticateError::TooBusy => Failure::Busy,
                },
            );
            if why == AuthenticateError::WrongCredentials {
                note_failure(visit, attempt, &given.username);
            } else {
                throttle.forgive(attempt, now, why != AuthenticateError::TooBusy);
            }
            return not_in(visit, &way, given, why).await;
        }
        Outcome::Refused(user, why) => {
            throttle.forgive(attempt, now, true);
            if !matches!(why, Refused::Choose(_)) {
                failed(visit, Failure::Rule);
            }
            return match why {
                Refused::Choose(_) => choose::begin(visit, &way, &user, given.remember, now).await,
                why => refused(visit, &way, &given.username, given.remember, &why).await,
            };
        }
    };
    throttle.forgive(attempt, now, true);
    arrived(visit, &way, &user, &started).await
}

/// Puts a wrong password on record for whose name it was. Beside the answer, so that its time does not tell who exists.
fn note_failure(visit: &Visit, attempt: Attempt, username: &str) {
    let Some(tries) = attempt.noted() else {
        return;
    };
    let (app, realm) = (visit.app.clone(), Arc::clone(&visit.realm));
    let (username, ip) = (username.to_owned(), visit.peer.ip.clone());
    tokio::spawn(async move {
        if let Err(fault) = attempts::failed(&app.ctx, &realm, &username, ip, tries).await {
            tracing::warn!(%fault, "a wrong password could not be put on record");
        }
    });
}

/// Counts one who was not let in.
fn failed(visit: &Visit, why: Failure) {
    let ctx = visit.ctx();
    ctx.pulse.failed(visit.realm.id, ctx.now(), why);
}

/// The new session stands; whatever comes now, the browser gets its cookie.
pub(super) async fn arrived(
    visit: &Visit,
    way: &Way,
    user: &User,
    started: &Started,
) -> Result<Response, Refusal> {
    visit.browser.renew(visit.ctx()).await?;
    let mut response = visit.answer(go_on(visit, way, user, started).await);
    cookie::set(&mut response, &visit.app, &visit.realm, started);
    Ok(response)
}

/// How a try ended.
enum Outcome {
    In(Box<User>, Box<Started>),
    /// The right password of somebody the app does not expect: no session is started for it.
    Other(OAuthError),
    No(AuthenticateError),
    /// The right password, and a rule of the realm.
    Refused(Box<Versioned<User>>, Refused),
}

async fn sign_in(
    visit: &Visit,
    way: &Way,
    given: &Form,
    old: Option<&ActiveSession>,
) -> Result<Outcome, Fault> {
    let (ctx, realm) = (visit.ctx(), &visit.realm);
    for _ in 0..TRIES {
        let user =
            match user::authenticate(ctx, realm, &given.username, given.password.clone()).await? {
                Ok(user) => user,
                Err(why) => return Ok(Outcome::No(why)),
            };
        if let Some((_, request)) = &way.app {
            let expected = match onward::expected_subject(ctx, realm, request).await? {
                Ok(expected) => expected,
                Err(error) => return Ok(Outcome::Other(error)),
            };
            if expected.is_some_and(|subject| subject != user.value.id.to_string()) {
                return Ok(Outcome::Other(onward::other_user()));
            }
        }
        let start = Start {
            user: &user,
            amr: vec!["pwd".to_owned()],
            remember_me: given.remember,
            ip: &visit.peer.ip,
            user_agent: &visit.peer.user_agent,
        };
        // Signing in again must not pile up sessions: the old one ends in the commit that starts the new one.
        let terms = Terms {
            instead: old,
            ..Terms::default()
        };
        match session::start(ctx, realm, start, terms).await {
            Ok(Ok(started)) => {
                return Ok(Outcome::In(Box::new(user.value), Box::new(started)));
            }
            Ok(Err(refused)) => return Ok(Outcome::Refused(Box::new(user), refused)),
            // The user changed while the password was checked: perhaps it is theirs no more.
            Err(Fault::Busy) => {}
            Err(fault) => return Err(fault),
        }
    }
    Err(Fault::Busy)
}

/// Nothing starts: a rule of the realm, told to somebody whose password is right.
pub(super) async fn refused(
    visit: &Visit,
    way: &Way,
    username: &str,
    remember: bool,
    why: &Refused,
) -> Result<Response, Refusal> {
    let words = &visit.words().login;
    let text = match why {
        Refused::Limit(limit) | Refused::Choose(limit) => (words.at_limit)(u64::from(*limit)),
        Refused::Address => words.other_address.to_owned(),
    };
    let shown = Shown {
        username: username.to_owned(),
        remember,
        error: Some(text),
        ..Shown::default()
    };
    form(visit, StatusCode::FORBIDDEN, way, shown).await
}

async fn go_on(
    visit: &Visit,
    way: &Way,
    user: &User,
    started: &Started,
) -> Result<Response, Refusal> {
    if way.app.is_none() {
        return arrive(visit, way, &user.username).await;
    }
    // Judged like any other: an act that ended it between its start and this line is already seen here.
    let session = denial::session(visit.ctx(), &visit.realm, started.session.sid)
        .await?
        .ok();
    match way.judge(visit, session).await? {
        Some((next, asked)) => onward::carry_on(visit, &way.id, &asked, next).await,
        None => arrive(visit, way, &user.username).await,
    }
}

pub(super) async fn cancelled(visit: &Visit, way: &Way) -> Result<Response, Refusal> {
    let Some((client, request)) = &way.app else {
        let start = if way.device.is_some() {
            VERIFICATION
        } else {
            "/login"
        };
        return visit.go(&visit.path(start));
    };
    visit.browser.drop_pending(&way.id).await?;
    let error = OAuthError::access_denied("the user did not sign in");
    onward::refuse(visit, request, &error, client)
}

async fn other_user(visit: &Visit, way: &Way, error: OAuthError) -> Result<Response, Refusal> {
    let Some((client, request)) = &way.app else {
        return Err(Refusal::unknown_interaction());
    };
    visit.browser.drop_pending(&way.id).await?;
    onward::refuse(visit, request, &error, client)
}

async fn not_in(
    visit: &Visit,
    way: &Way,
    given: Form,
    why: AuthenticateError,
) -> Result<Response, Refusal> {
    let words = &visit.words().login;
    let (status, text, retry_after) = match why {
        AuthenticateError::WrongCredentials => {
            (StatusCode::UNAUTHORIZED, words.wrong.to_owned(), None)
        }
        AuthenticateError::Disabled => (StatusCode::FORBIDDEN, words.disabled.to_owned(), None),
        AuthenticateError::Blocked(until) => {
            (StatusCode::FORBIDDEN, blocked(visit.words(), until), None)
        }
        AuthenticateError::TooBusy => (
            StatusCode::SERVICE_UNAVAILABLE,
            words.busy.to_owned(),
            Some(2),
        ),
    };
    let shown = Shown {
        username: given.username,
        remember: given.remember,
        error: Some(text),
        notice: None,
        retry_after,
    };
    form(visit, status, way, shown).await
}

async fn too_many(visit: &Visit, way: &Way, given: &Form, wait: Span) -> Result<Response, Refusal> {
    let secs = wait.0.div_ceil(1000).max(1);
    let shown = Shown {
        username: given.username.clone(),
        remember: given.remember,
        error: Some((visit.words().login.wait)(secs)),
        notice: None,
        retry_after: Some(secs),
    };
    form(visit, StatusCode::TOO_MANY_REQUESTS, way, shown).await
}

/// Whether this browser has been signed in as this user: it holds the secret of a session of theirs.
async fn is_known(visit: &Visit, presented: &Presented, username: &str) -> Result<bool, Fault> {
    let folded = user::fold(username);
    match presented {
        Presented::Good(active) => Ok(user::fold(&active.session.username) == folded),
        Presented::Nobody => Ok(false),
        Presented::Ended(_) => {
            for cookie in cookie::read(&visit.headers, &visit.app, &visit.realm) {
                let over = session::find(visit.ctx(), &visit.realm, cookie.sid).await?;
                let is_theirs = over.is_some_and(|over| user::fold(&over.value.username) == folded);
                // Judged again rather than believed: a guessed sid without its secret is nobody's.
                let verdict = session::cookie::present(visit.ctx(), &visit.realm, &cookie).await?;
                if is_theirs && !matches!(verdict, Err(denial::Denied::Unknown)) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

fn blocked(words: &Words, until: Option<Timestamp>) -> String {
    match until {
        Some(until) => (words.login.blocked_until)(&(words.frame.date)(Moment::from(until))),
        None => words.login.blocked.to_owned(),
    }
}

/// How often a password is checked again when its user changed during the check.
const TRIES: usize = 3;
