//! `GET /login` and `GET /callback`: the authorization code flow with PKCE, `state` and `nonce`.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use openidconnect::core::CoreResponseType;
use openidconnect::{
    AccessTokenHash, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, CsrfToken,
    Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, Scope, SignatureVerificationError,
    TokenResponse as _,
};
use serde::Deserialize;
use thiserror::Error;

use crate::domain::time::Timestamp;

use super::check::words;
use super::home::problem;
use super::provider::{IdTokenClaims, Known, ProviderError, TokenError, TokenResponse};
use super::session::{Pending, Session, Tokens, key};
use super::{App, random};

/// What the provider sends the browser back with (RFC 6749 section 4.1.2, RFC 9207).
#[derive(Deserialize)]
pub(super) struct Callback {
    state: Option<String>,
    iss: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Why a sign-in did not come about. The texts are for the person at the browser.
#[derive(Debug, Error)]
enum LoginError {
    #[error("This sign-in was not started in this browser, or it was finished before.")]
    NotOurs,
    #[error("The answer does not come from the provider that was asked.")]
    OtherIssuer,
    #[error("The provider refused: {0}")]
    Refused(String),
    #[error("The provider cannot be reached: {0}")]
    Provider(#[from] ProviderError),
    #[error("The code could not be exchanged: {}", words(.0))]
    Exchange(#[source] Box<TokenError>),
    #[error("The provider sent no ID token.")]
    NoIdToken,
    #[error("The ID token does not hold: {0}")]
    IdToken(#[from] ClaimsVerificationError),
    #[error("The access token is not the one of the ID token.")]
    OtherAccessToken,
}

/// Sends the browser to the provider.
pub(super) async fn get(State(app): State<Arc<App>>, jar: CookieJar) -> Response {
    let known = match app.provider.known().await {
        Ok(known) => known,
        Err(error) => return refuse(&app, &error.into()),
    };
    // Ties the answer to this browser; two tabs may share it.
    let browser = match jar.get(&app.cookie_name("login")) {
        Some(cookie) => cookie.value().to_owned(),
        None => random(),
    };
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = known
        .client
        .authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("profile".to_owned()))
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(challenge);
    if app.about.offline {
        request = request.add_scope(Scope::new("offline_access".to_owned()));
    }
    let (url, state, nonce) = request.url();
    app.sessions
        .leave(state.into_secret(), key(&browser), nonce, verifier);
    (
        jar.add(app.cookie("login", browser)),
        Redirect::to(url.as_str()),
    )
        .into_response()
}

/// Takes the browser back, and the user in.
pub(super) async fn callback(
    State(app): State<Arc<App>>,
    Query(answer): Query<Callback>,
    jar: CookieJar,
) -> Response {
    let browser = jar
        .get(&app.cookie_name("login"))
        .map(|cookie| key(cookie.value()));
    let pending = browser
        .zip(answer.state.as_deref())
        .and_then(|(browser, state)| app.sessions.come_back(state, &browser));
    let session = match pending {
        Some(pending) => finish(&app, answer, pending).await,
        None => Err(LoginError::NotOurs),
    };
    match session {
        Ok(session) => {
            if let Some(old) = jar.get(&app.cookie_name("session")) {
                app.sessions.forget(&key(old.value()));
            }
            // A new cookie for a new session, so that nobody can plant one beforehand.
            let cookie = random();
            app.sessions.start(key(&cookie), session);
            (jar.add(app.cookie("session", cookie)), Redirect::to("/")).into_response()
        }
        Err(error) => refuse(&app, &error),
    }
}

async fn finish(app: &App, answer: Callback, pending: Pending) -> Result<Session, LoginError> {
    let mut known = app.provider.known().await?;
    // Before anything else in the answer is believed, errors too (RFC 9207 section 2.4).
    match &answer.iss {
        Some(iss) if *iss == app.about.issuer => {}
        None if !known.names_issuer => {}
        _ => return Err(LoginError::OtherIssuer),
    }
    let code = match (answer.code, answer.error) {
        (Some(code), None) => AuthorizationCode::new(code),
        (_, Some(error)) => {
            let more = answer
                .error_description
                .map(|more| format!(": {more}"))
                .unwrap_or_default();
            return Err(LoginError::Refused(format!("{error}{more}")));
        }
        (None, None) => return Err(LoginError::Refused("there is no code".to_owned())),
    };
    let response = known
        .client
        .exchange_code(code)
        .set_pkce_verifier(pending.verifier)
        .request_async(app.provider.http())
        .await
        .map_err(|error| LoginError::Exchange(Box::new(error)))?;
    let claims = match verify(&known, &response, &pending.nonce) {
        // The provider may have new keys.
        Err(LoginError::IdToken(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        ))) => {
            known = app.provider.anew().await?;
            verify(&known, &response, &pending.nonce)?
        }
        other => other?,
    };
    Ok(Session {
        sub: claims.subject().to_string(),
        sid: claims.additional_claims().sid.clone(),
        auth_time: claims
            .auth_time()
            .and_then(|at| u64::try_from(at.timestamp_millis()).ok())
            .map(Timestamp),
        id_token: response.id_token().ok_or(LoginError::NoIdToken)?.clone(),
        tokens: tokio::sync::Mutex::new(Tokens::from(&response)),
        call: std::sync::Mutex::new(None),
    })
}

/// Issuer, audience, signature, lifetime, nonce (Core 1.0 section 3.1.3.7) and the access token's hash (3.1.3.8).
fn verify(
    known: &Known,
    response: &TokenResponse,
    nonce: &Nonce,
) -> Result<IdTokenClaims, LoginError> {
    let id_token = response.id_token().ok_or(LoginError::NoIdToken)?;
    let verifier = known.verifier();
    let claims = id_token.claims(&verifier, nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let (alg, key) = id_token
            .signing_alg()
            .and_then(|alg| Ok((alg, id_token.signing_key(&verifier)?)))
            .map_err(ClaimsVerificationError::SignatureVerification)?;
        let actual = AccessTokenHash::from_token(response.access_token(), alg, key);
        if actual.ok().as_ref() != Some(expected) {
            return Err(LoginError::OtherAccessToken);
        }
    }
    Ok(claims.clone())
}

fn refuse(app: &App, error: &LoginError) -> Response {
    tracing::warn!(app = app.about.client_id, %error, "a sign-in to a demo application failed");
    let status = match error {
        LoginError::Provider(_) => StatusCode::SERVICE_UNAVAILABLE,
        LoginError::NotOurs
        | LoginError::OtherIssuer
        | LoginError::Refused(_)
        | LoginError::Exchange(_)
        | LoginError::NoIdToken
        | LoginError::IdToken(_)
        | LoginError::OtherAccessToken => StatusCode::BAD_REQUEST,
    };
    problem(app, status, &error.to_string())
}
