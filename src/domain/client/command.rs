//! Who may command the realm to end everything of one of its users (draft-parecki-oauth-global-token-revocation-06 §3.2):
//! a client with the scope `gtr`, by an access token of its own or by a token that it signed itself, as Okta does.

use std::sync::Arc;

use super::assertion::{
    AssertionError, Claims, LEEWAY_SECS, by_key, claimed_client, expiry, use_up,
};
use super::channels::{REVOKE_SCOPE, may_command};
use super::{Client, find};
use crate::crypto::{TokenKind, jws};
use crate::domain::realm::Realm;
use crate::domain::time::Span;
use crate::domain::token::userinfo;
use crate::domain::{Context, Fault};

/// Why a command is not taken. The text is for the log and for whoever sets the caller up; it holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Neither an access token of this realm nor a token that a client of it signed.
    #[error("the token proves nothing here")]
    Unknown,
    /// The token is not what it should be.
    #[error("the token is refused")]
    Token(#[source] AssertionError),
    /// Its `iss` is not the one that the client registered.
    #[error("iss of the token is not the client's global_token_revocation_issuer")]
    WrongIssuer,
    /// Its `aud` is another server's, or several.
    #[error("aud of the token must be this endpoint or the realm's issuer, and nothing else")]
    WrongAudience,
    /// `exp` is too far ahead.
    #[error("exp of the token is more than ten minutes ahead")]
    TooLong,
    /// `jti` is empty.
    #[error("jti of the token is empty")]
    NoId,
    /// It proves who calls, and they may not.
    #[error("the token needs the scope gtr, of a client acting for itself")]
    Scope,
}

/// Who commands, by their bearer token. A token that a client signed is used up by this. `endpoint` is the address that
/// was called.
///
/// # Errors
/// [`Fault`] when it could not be decided; a refusal is the inner error.
pub async fn commander(
    ctx: &Context,
    realm: &Realm,
    token: &str,
    endpoint: &str,
) -> Result<Result<Arc<Client>, CommandError>, Fault> {
    let Ok(access) = userinfo::good(ctx, realm, token).await? else {
        return signed(ctx, realm, token, endpoint).await;
    };
    // Not by a token that speaks for a person: everybody who can be talked into signing in would hold one.
    if access.sid.is_some() || !access.has_scope(REVOKE_SCOPE) {
        return Ok(Err(CommandError::Scope));
    }
    match find(ctx, realm, &access.client_id).await? {
        Some(client) if may_command(&client.settings) => Ok(Ok(client)),
        _ => Ok(Err(CommandError::Scope)),
    }
}

/// A token as Okta signs it: `iss` is the sender, `sub` the `client_id` it knows this realm by.
async fn signed(
    ctx: &Context,
    realm: &Realm,
    jwt: &str,
    endpoint: &str,
) -> Result<Result<Arc<Client>, CommandError>, Fault> {
    if jws::header(jwt).is_err() {
        return Ok(Err(CommandError::Unknown));
    }
    let Some(claimed) = claimed_client(jwt) else {
        return Ok(Err(CommandError::Unknown));
    };
    let Some(client) = find(ctx, realm, &claimed).await? else {
        return Ok(Err(CommandError::Unknown));
    };
    let Some(issuer) = client.settings.global_token_revocation_issuer.as_deref() else {
        return Ok(Err(CommandError::Unknown));
    };
    if !client.settings.enabled || !realm.settings.enabled {
        return Ok(Err(CommandError::Unknown));
    }
    let now = ctx.now();
    let claims = match by_key::<Command>(&client, jwt, now) {
        Ok(claims) => claims,
        Err(error) => return Ok(Err(CommandError::Token(error))),
    };
    let audiences = [endpoint, &realm.issuer(&ctx.public_url)];
    if claims.iss != issuer || claims.sub != client.client_id() {
        return Ok(Err(CommandError::WrongIssuer));
    }
    if !claims
        .aud
        .only()
        .is_some_and(|aud| audiences.contains(&aud))
    {
        return Ok(Err(CommandError::WrongAudience));
    }
    if expiry(&claims).since(now) > LONGEST {
        return Ok(Err(CommandError::TooLong));
    }
    if claims.jti.is_empty() {
        return Ok(Err(CommandError::NoId));
    }
    if !may_command(&client.settings) {
        return Ok(Err(CommandError::Scope));
    }
    Ok(use_up(ctx, realm, &client, &claims.jti, expiry(&claims))
        .await?
        .map(|()| client)
        .map_err(CommandError::Token))
}

struct Command;

impl TokenKind for Command {
    const TYP: &'static [&'static str] = &["global-token-revocation+jwt"];
    const TYP_REQUIRED: bool = true;
    type Claims = Claims;
    const REQUIRED: &'static [&'static str] = &["iss", "sub", "aud", "exp", "jti"];
    const LEEWAY_SECS: u64 = LEEWAY_SECS;
    const CHECK_EXPIRY: bool = true;
}

/// Okta's are good for five minutes; the rest is for clocks that differ.
const LONGEST: Span = Span::secs(10 * 60);
