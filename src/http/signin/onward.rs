//! From an authorization request to its code: what still stands in between is asked here, in one place, for the app's
//! first request and for every page on the way.

mod fresh;

use axum::http::StatusCode;
use axum::response::Response;

pub use fresh::{Since, stands};
use fresh::{is_blocked, is_fresh};

use super::pages::Hidden;
use super::views::FormPostPage;
use super::visit::{Refusal, Said, Visit};
use crate::domain::client::{self, Client};
use crate::domain::denial::ActiveSession;
use crate::domain::grant::{Grant, code, consent};
use crate::domain::id::Sid;
use crate::domain::token::verify;
use crate::domain::{Context, Fault, realm::Realm};
use crate::protocol::answer::{Redirect, authorize_error, authorize_success};
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::check_session;
use crate::protocol::redirect::is_registered;
use crate::protocol::{ErrorCode, OAuthError};

/// The class that a password reaches (`acr`), and the only one there is: discovery names it.
pub const PASSWORD_ACR: &str = "1";

/// What comes next.
pub enum Next {
    /// The app is told no.
    Refuse(OAuthError),
    /// Credentials.
    Login,
    /// The person's permission.
    Consent(Box<ActiveSession>),
    /// The code.
    Code(Box<ActiveSession>),
}

/// An authorization request on its way.
pub struct Asked<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// For what.
    pub request: &'a AuthorizeRequest,
    /// Since when the person is on the way. `None` when they just arrived.
    pub since: Option<Since>,
    /// Whether they said yes on the consent page just now.
    pub consented: bool,
}

/// Decides what comes next. Numbered in the order of the checks:
/// 1. whom the app expects (`id_token_hint`, `claims`), 2. the class it needs, 3. is anybody signed in, 4. is it the one
///    expected: another is never switched to, 5. is the sign-in fresh enough (`prompt`, `max_age`, the realm's
///    `sign_in_frequency`), 6. consent.
///
/// # Errors
/// [`Fault`] when it could not be decided.
pub async fn judge(
    visit: &Visit,
    asked: &Asked<'_>,
    session: Option<ActiveSession>,
) -> Result<Next, Fault> {
    let request = asked.request;
    let expected = match expected_subject(visit.ctx(), &visit.realm, request).await? {
        Ok(expected) => expected,
        Err(error) => return Ok(Next::Refuse(error)),
    };
    let classes = request.claims.essential_acr();
    if !classes.is_empty() && !classes.contains(&PASSWORD_ACR) {
        let text = "the essential acr cannot be reached here";
        return Ok(Next::Refuse(OAuthError::new(
            ErrorCode::UnmetAuthenticationRequirements,
            text,
        )));
    }
    let login = || {
        if request.prompt.none {
            Next::Refuse(OAuthError::login_required("nobody is signed in"))
        } else {
            Next::Login
        }
    };
    let Some(active) = session else {
        return Ok(login());
    };
    if expected.is_some_and(|subject| subject != active.session.user.to_string()) {
        return Ok(Next::Refuse(other_user()));
    }
    if !is_fresh(visit, asked, &active) || is_blocked(visit, &active).await? {
        return Ok(login());
    }
    let scope = request.scope.to_string();
    let user = active.session.user;
    let again = request.prompt.consent;
    if !asked.consented
        && consent::needed(visit.ctx(), &visit.realm, asked.client, user, &scope, again).await?
    {
        if request.prompt.none {
            let text = "the user has not yet allowed this";
            return Ok(Next::Refuse(OAuthError::new(
                ErrorCode::ConsentRequired,
                text,
            )));
        }
        return Ok(Next::Consent(Box::new(active)));
    }
    Ok(Next::Code(Box::new(active)))
}

/// The answer to an app that expects somebody else.
pub fn other_user() -> OAuthError {
    OAuthError::login_required("another user is signed in than the one expected")
}

/// The user that the app expects, by an ID token of theirs (OIDC Core §3.1.2.1) or by name (§5.5.1). The inner error
/// goes to the app.
///
/// # Errors
/// [`Fault`] when the realm's keys cannot be read.
pub async fn expected_subject(
    ctx: &Context,
    realm: &Realm,
    request: &AuthorizeRequest,
) -> Result<Result<Option<String>, OAuthError>, Fault> {
    let named = request.claims.subject().map(str::to_owned);
    let Some(hint) = &request.id_token_hint else {
        return Ok(Ok(named));
    };
    let Some(hint) = verify::id_token_hint(ctx, realm, hint).await? else {
        let text = "id_token_hint must be an ID token that this issuer signed";
        return Ok(Err(OAuthError::invalid_request(text)));
    };
    if named.is_some_and(|named| named != hint.sub) {
        return Ok(Err(OAuthError::login_required(
            "id_token_hint and claims name different users",
        )));
    }
    Ok(Ok(Some(hint.sub)))
}

/// Does what comes next for a sign-in under way: `id` names it in this browser's state.
///
/// # Errors
/// [`Refusal`] to be shown.
pub async fn carry_on(
    visit: &Visit,
    id: &str,
    asked: &Asked<'_>,
    next: Next,
) -> Result<Response, Refusal> {
    match next {
        Next::Refuse(error) => {
            visit.browser.drop_pending(id).await?;
            refuse(visit, asked.request, &error, asked.client)
        }
        Next::Login => visit.go(&login_page(visit, id)),
        Next::Consent(_) => visit.go(&visit.path(&format!("/consent?interaction={id}"))),
        Next::Code(active) => {
            visit.browser.drop_pending(id).await?;
            finish(visit, asked, &active).await
        }
    }
}

/// The login page of a sign-in under way.
pub fn login_page(visit: &Visit, id: &str) -> String {
    visit.path(&format!("/login?interaction={id}"))
}

/// The client of a kept request. Read again, since it may have changed meanwhile: a redirect URI that is no longer
/// registered gets nothing.
///
/// # Errors
/// [`Refusal`] to be shown.
pub async fn client_of(
    visit: &Visit,
    request: &AuthorizeRequest,
) -> Result<std::sync::Arc<Client>, Refusal> {
    let found = client::find(visit.ctx(), &visit.realm, &request.client_id).await?;
    let found = enabled(visit, found)?;
    if !is_registered(&found.settings.redirect_uris, &request.redirect_uri) {
        return Err(Refusal::bad_link("invalid_request", |w| {
            w.errors.unregistered
        }));
    }
    Ok(found)
}

/// The client, when it and its realm may do anything at all.
///
/// # Errors
/// [`Refusal`] to be shown: nothing is ever sent to a client that was switched off.
pub fn enabled(
    visit: &Visit,
    found: Option<std::sync::Arc<Client>>,
) -> Result<std::sync::Arc<Client>, Refusal> {
    let Some(client) = found else {
        return Err(Refusal::bad_link("invalid_client", |w| {
            w.errors.unknown_app
        }));
    };
    let refuse = |text: Said| {
        Refusal::new(
            StatusCode::FORBIDDEN,
            |w| w.errors.off_title,
            "unauthorized_client",
            text,
        )
    };
    if !visit.realm.settings.enabled {
        return Err(refuse(|w| w.errors.realm_off));
    }
    if !client.settings.enabled {
        return Err(refuse(|w| w.errors.app_off));
    }
    Ok(client)
}

/// Issues the code and sends it to the app.
///
/// # Errors
/// [`Refusal`] to be shown.
pub async fn finish(
    visit: &Visit,
    asked: &Asked<'_>,
    active: &ActiveSession,
) -> Result<Response, Refusal> {
    let (request, client, session) = (asked.request, asked.client, &active.session);
    let told = session_state(visit, asked, session.sid);
    let claims = (!request.claims.is_empty()).then(|| String::from(request.claims.clone()));
    let grant = Grant {
        resources: request.resource.clone(),
        nonce: request.nonce.clone(),
        claims,
        ..Grant::given(client, session, request.scope.to_string(), PASSWORD_ACR)
    };
    let issue = code::Issue {
        grant,
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
    };
    let code = code::issue(visit.ctx(), &visit.realm, issue).await?;
    let issuer = visit.realm.issuer(&visit.ctx().public_url);
    let (mode, state) = (request.response_mode, request.state.as_deref());
    let answer = authorize_success(
        &request.redirect_uri,
        mode,
        &code,
        state,
        &issuer,
        told.as_deref(),
    );
    send(visit, answer, client)
}

/// What the app's scripts may ask the login status page about (Session Management 1.0 §2), where there is one.
fn session_state(visit: &Visit, asked: &Asked<'_>, sid: Sid) -> Option<String> {
    if !visit.realm.settings.logout.check_session {
        return None;
    }
    let salt = visit.ctx().random();
    Some(check_session::session_state(
        asked.client.client_id(),
        &asked.request.redirect_uri,
        &check_session::agent_state(&sid.to_string()),
        salt.get(..16).unwrap_or(&salt),
    ))
}

/// Tells the app no.
///
/// # Errors
/// [`Refusal`] to be shown.
pub fn refuse(
    visit: &Visit,
    request: &AuthorizeRequest,
    error: &OAuthError,
    client: &Client,
) -> Result<Response, Refusal> {
    let issuer = visit.realm.issuer(&visit.ctx().public_url);
    let (mode, state) = (request.response_mode, request.state.as_deref());
    send(
        visit,
        authorize_error(&request.redirect_uri, mode, error, state, &issuer),
        client,
    )
}

/// Sends an answer to the app the way it asked for.
///
/// # Errors
/// [`Refusal`] to be shown.
pub fn send(visit: &Visit, answer: Redirect, client: &Client) -> Result<Response, Refusal> {
    match answer {
        Redirect::Location(url) => visit.go(&url),
        Redirect::FormPost { action, fields } => {
            let fields = fields
                .into_iter()
                .map(|(name, value)| Hidden { name, value })
                .collect();
            let client_name = client.name().to_owned();
            visit.page(
                StatusCode::OK,
                &FormPostPage {
                    gate: visit.gate(),
                    action,
                    fields,
                    client_name,
                },
            )
        }
    }
}
