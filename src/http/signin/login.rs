//! The login page: a name and a password become a session, and the sign-in under way goes on.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::cookie::{self, Presented};
use super::onward::{self, Asked, Next};
use super::pages::{INVALID_CREDENTIALS, LoginPage};
use super::throttle::Throttle;
use super::views::SignedInPage;
use super::visit::{Refusal, Visit};
use super::{csrf, leave};
use crate::crypto::Secret;
use crate::domain::Fault;
use crate::domain::client::Client;
use crate::domain::denial::{self, ActiveSession};
use crate::domain::record::Versioned;
use crate::domain::session::{self, Start, Started};
use crate::domain::signout::{Reason, receipt};
use crate::domain::time::{Span, Timestamp};
use crate::domain::user::{self, AuthenticateError, User};
use crate::http::answer::log_fault;
use crate::http::browser::{Goal, Pending};
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::{OAuthError, Params};

/// The sign-in that a page belongs to. Without one it ends at a small page of our own.
#[derive(Default)]
struct Way {
    id: String,
    started_at: Option<Timestamp>,
    app: Option<(Arc<Client>, Box<AuthorizeRequest>)>,
    here: Option<String>,
}

/// GET: the form, or straight on for somebody who needs none any more.
pub async fn show(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let outcome = shown(&visit, query.unwrap_or_default()).await;
    visit.answer(outcome)
}

async fn shown(visit: &Visit, query: String) -> Result<Response, Refusal> {
    let params = Params::parse_form(query)?;
    if let Some(next) = params.one("next") {
        return begin_here(visit, next).await;
    }
    let way = Way::find(visit, params.one("interaction").unwrap_or_default()).await?;
    let presented = visit.present().await?;
    let notice = notice(visit, &presented).await?;
    let session = presented.good();
    if way.app.is_none() {
        return match session {
            Some(active) => arrive(visit, &way, &active.session.username).await,
            None => {
                form(
                    visit,
                    StatusCode::OK,
                    &way,
                    Shown {
                        notice,
                        ..Shown::default()
                    },
                )
                .await
            }
        };
    }
    match way.judge(visit, session).await? {
        Some((Next::Login, _)) | None => {
            form(
                visit,
                StatusCode::OK,
                &way,
                Shown {
                    notice,
                    ..Shown::default()
                },
            )
            .await
        }
        Some((next, asked)) => onward::carry_on(visit, &way.id, &asked, next).await,
    }
}

/// A sign-in for a page of this server: the console, the account pages.
async fn begin_here(visit: &Visit, next: &str) -> Result<Response, Refusal> {
    let account = visit.path("/account");
    let within = |root: &str| {
        next.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    };
    let is_plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') && !next.contains("/.");
    if !is_plain || !(within("/admin") || within(&account)) {
        return Err(Refusal::bad_link(
            "invalid_request",
            "The page to go on to is not one of this server.",
        ));
    }
    let pending = Pending {
        realm: visit.realm.id,
        started_at: visit.ctx().now(),
        goal: Goal::Here(next.to_owned()),
        asked: None,
    };
    let id = visit.browser.keep_pending(visit.ctx(), pending).await?;
    visit.go(&onward::login_page(visit, &id))
}

impl Way {
    async fn find(visit: &Visit, id: &str) -> Result<Way, Refusal> {
        if id.is_empty() {
            return Ok(Way::default());
        }
        let Some(pending) = visit.browser.pending(visit.realm.id, id).await? else {
            return Err(Refusal::unknown_interaction());
        };
        let mut way = Way {
            id: id.to_owned(),
            started_at: Some(pending.started_at),
            ..Way::default()
        };
        match pending.goal {
            Goal::App(request) => {
                way.app = Some((onward::client_of(visit, &request).await?, request))
            }
            Goal::Here(next) => way.here = Some(next),
        }
        Ok(way)
    }

    /// What comes next for the app's request, if an app asked.
    async fn judge(
        &self,
        visit: &Visit,
        session: Option<ActiveSession>,
    ) -> Result<Option<(Next, Asked<'_>)>, Fault> {
        let Some((client, request)) = &self.app else {
            return Ok(None);
        };
        let asked = Asked {
            client,
            request,
            since: self.started_at,
            consented: false,
        };
        Ok(Some((onward::judge(visit, &asked, session).await?, asked)))
    }

    /// Where to start over after a form that was refused.
    fn again(&self, visit: &Visit) -> String {
        if self.id.is_empty() {
            visit.path("/login")
        } else {
            onward::login_page(visit, &self.id)
        }
    }
}

/// The end of a sign-in that no app asked for.
async fn arrive(visit: &Visit, way: &Way, username: &str) -> Result<Response, Refusal> {
    if let Some(next) = &way.here {
        visit.browser.drop_pending(&way.id).await?;
        return visit.go(next);
    }
    if visit.method == axum::http::Method::POST {
        return visit.go(&visit.path("/login"));
    }
    let logout_url = visit.path("/protocol/openid-connect/logout");
    let page = SignedInPage {
        gate: visit.gate(),
        username: username.to_owned(),
        logout_url,
    };
    visit.page(StatusCode::OK, &page)
}

/// What differs from one showing of the form to the next.
#[derive(Default)]
struct Shown {
    username: String,
    remember: bool,
    error: Option<String>,
    notice: Option<String>,
    retry_after: Option<u64>,
}

async fn form(
    visit: &Visit,
    status: StatusCode,
    way: &Way,
    shown: Shown,
) -> Result<Response, Refusal> {
    let mut username = shown.username;
    let mut username_fixed = false;
    if let Some((_, request)) = &way.app {
        if let Some(expected) = expected_user(visit, request).await? {
            (username, username_fixed) = (expected.value.username, true);
        } else if username.is_empty() {
            username = request.login_hint.clone().unwrap_or_default();
        }
    }
    let page = LoginPage {
        gate: visit.gate(),
        action: visit.path("/login"),
        csrf: visit.browser.csrf(visit.ctx()).await?,
        interaction: way.id.clone(),
        client_name: way.app.as_ref().map(|(client, _)| client.name().to_owned()),
        username,
        username_fixed,
        remember_offered: visit.realm.settings.sessions.remember_me,
        remember_checked: shown.remember,
        error: shown.error,
        notice: shown.notice,
        forgot_url: None,
        support_url: None,
        cancel: way.app.is_some(),
    };
    let mut response = visit.page(status, &page)?;
    if let Some(secs) = shown.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(secs));
    }
    Ok(response)
}

async fn expected_user(
    visit: &Visit,
    request: &AuthorizeRequest,
) -> Result<Option<Versioned<User>>, Fault> {
    let Ok(Some(subject)) = onward::expected_subject(visit.ctx(), &visit.realm, request).await?
    else {
        return Ok(None);
    };
    match subject.parse() {
        Ok(id) => user::by_id(visit.ctx(), &visit.realm, id).await,
        Err(_) => Ok(None),
    }
}

/// What somebody is told whose session an administrator ended. Only whoever has the cookie of that session hears it.
async fn notice(visit: &Visit, presented: &Presented) -> Result<Option<String>, Fault> {
    let Presented::Ended(denied) = presented else {
        return Ok(None);
    };
    let Some(ended) = denied
        .ended()
        .filter(|ended| ended.reason.by_administrator())
    else {
        return Ok(None);
    };
    let mut text = format!(
        "An administrator signed you out at {}.",
        clock_time(ended.at)
    );
    let act = receipt::find(visit.ctx(), &visit.realm, ended.sign_out).await?;
    if let Some(message) = act.and_then(|act| act.message) {
        text.push(' ');
        text.push_str(&message);
    }
    Ok(Some(text))
}

fn clock_time(at: Timestamp) -> String {
    let moment = i64::try_from(at.0)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    moment.map_or_else(
        || at.rfc3339(),
        |moment| moment.strftime("%H:%M UTC on %-d %B %Y").to_string(),
    )
}

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
pub async fn submit(
    visit: Visit,
    Extension(throttle): Extension<Arc<Throttle>>,
    body: Bytes,
) -> Response {
    let outcome = submitted(&visit, &throttle, &body).await;
    visit.answer(outcome)
}

async fn submitted(visit: &Visit, throttle: &Throttle, body: &[u8]) -> Result<Response, Refusal> {
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
        Err(wait) => return too_many(visit, &way, &given, wait).await,
    };
    let (user, started) = match sign_in(visit, &way, &given).await? {
        Outcome::In(user, started) => (user, started),
        Outcome::Other(refused) => {
            throttle.forgive(attempt, now, true);
            return other_user(visit, &way, refused).await;
        }
        Outcome::No(why) => {
            if why != AuthenticateError::WrongCredentials {
                throttle.forgive(attempt, now, why == AuthenticateError::Disabled);
            }
            return not_in(visit, &way, given, why).await;
        }
    };
    throttle.forgive(attempt, now, true);
    visit.browser.renew(visit.ctx()).await?;
    // The new session stands; whatever comes now, the browser gets its cookie.
    let mut response = visit.answer(go_on(visit, &way, &user, &started).await);
    cookie::set(&mut response, &visit.app, &visit.realm, &started);
    if let Some(old) = before.good() {
        // Signing in again must not pile up sessions. The new one is committed, so nobody is ever left without.
        if let Err(fault) = leave::end(visit, &old, Reason::User).await {
            log_fault(&fault);
        }
    }
    Ok(response)
}

/// How a try ended.
enum Outcome {
    In(Box<User>, Box<Started>),
    /// The right password of somebody the app does not expect: no session is started for it.
    Other(OAuthError),
    No(AuthenticateError),
}

async fn sign_in(visit: &Visit, way: &Way, given: &Form) -> Result<Outcome, Fault> {
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
        match session::start(ctx, realm, start).await {
            Ok(started) => return Ok(Outcome::In(Box::new(user.value), Box::new(started))),
            // The user changed while the password was checked: perhaps it is theirs no more.
            Err(Fault::Busy) => {}
            Err(fault) => return Err(fault),
        }
    }
    Err(Fault::Busy)
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

async fn cancelled(visit: &Visit, way: &Way) -> Result<Response, Refusal> {
    let Some((client, request)) = &way.app else {
        return visit.go(&visit.path("/login"));
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
    let (status, text, retry_after) = match why {
        AuthenticateError::WrongCredentials => {
            (StatusCode::UNAUTHORIZED, INVALID_CREDENTIALS, None)
        }
        AuthenticateError::Disabled => (StatusCode::FORBIDDEN, BLOCKED, None),
        AuthenticateError::TooBusy => (StatusCode::SERVICE_UNAVAILABLE, BUSY, Some(2)),
    };
    let shown = Shown {
        username: given.username,
        remember: given.remember,
        error: Some(text.to_owned()),
        notice: None,
        retry_after,
    };
    form(visit, status, way, shown).await
}

async fn too_many(visit: &Visit, way: &Way, given: &Form, wait: Span) -> Result<Response, Refusal> {
    let secs = wait.0.div_ceil(1000).max(1);
    let unit = if secs == 1 { "second" } else { "seconds" };
    let shown = Shown {
        username: given.username.clone(),
        remember: given.remember,
        error: Some(format!("Too many attempts. Try again in {secs} {unit}.")),
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

const BLOCKED: &str = "This account is blocked. Ask your administrator.";
const BUSY: &str = "Many people are signing in at this moment. Try again in a few seconds.";
/// How often a password is checked again when its user changed during the check.
const TRIES: usize = 3;
