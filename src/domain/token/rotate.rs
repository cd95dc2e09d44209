//! Refresh (RFC 6749 §6): one compare-and-set a generation. A repeated request inside the window gets the unused
//! successor again; anything else presented twice revokes the family.

use super::issue::{Minted, Scoped, for_family};
use super::refresh::RefreshToken;
use super::resources::{self, ResourceError};
use crate::domain::client::Client;
use crate::domain::denial::{self, ActiveFamily, Denied};
use crate::domain::realm::Realm;
use crate::domain::record::encode;
use crate::domain::signout::{self, Reason};
use crate::domain::{Actor, ActorKind, Context, Fault, TRIES, key, session};
use crate::store::{Batch, CommitError};

/// What a client presents.
pub struct Presented<'a> {
    /// The refresh token.
    pub token: &'a str,
    /// The scope asked for: at most what was granted (RFC 6749 §6).
    pub scope: Option<&'a str>,
    /// The resources asked for: at most what was granted (RFC 8707 §2.2).
    pub resources: &'a [String],
    /// From which address.
    pub ip: &'a str,
}

/// Why a refresh is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// Not a refresh token of this realm and client.
    #[error("Token is not active: it is not a refresh token of this client")]
    Unknown,
    /// What it hangs on is over.
    #[error("Session not active")]
    Denied(Denied),
    /// It was used before; its family has just been revoked.
    #[error(
        "Token is not active: the refresh token was already used, so all its tokens have been revoked"
    )]
    Reused,
    /// The realm wants credentials again by now (`sign_in_frequency`). Nothing is revoked: the app sends the person to
    /// sign in.
    #[error("The sign-in is too old for this realm; the user must sign in again")]
    SignInTooOld,
    /// More scope than was granted.
    #[error("scope must not exceed what was granted")]
    Scope,
    /// Another resource than was granted.
    #[error("resource must be one that was granted")]
    Resource,
}

/// Rotates a refresh token and mints its successor with a new access token.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn rotate(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    presented: Presented<'_>,
) -> Result<Result<Minted, RotateError>, Fault> {
    let Some(token) = RefreshToken::read(ctx, presented.token).filter(|t| t.realm == realm.id)
    else {
        return Ok(Err(RotateError::Unknown));
    };
    for _ in 0..TRIES {
        let active = match denial::family(ctx, realm, client, token.family).await? {
            Ok(active) => active,
            Err(Denied::Unknown) => return Ok(Err(RotateError::Unknown)),
            Err(denied) => return Ok(Err(RotateError::Denied(denied))),
        };
        // `offline_access` is for when the person is away: nobody can be asked then.
        let (sessions, auth_time) = (&realm.settings.sessions, active.family.grant.auth_time);
        if !active.family.offline && sessions.wants_credentials(auth_time, ctx.now()) {
            return Ok(Err(RotateError::SignInTooOld));
        }
        let scoped = match narrowed(client, &active, &presented) {
            Ok(scoped) => scoped,
            Err(refused) => return Ok(Err(refused)),
        };
        match turn(ctx, realm, client, &token, active, presented.ip).await? {
            Turn::Mint(active) => {
                return for_family(ctx, realm, client, &active.family, scoped)
                    .await
                    .map(Ok);
            }
            Turn::Reused => return Ok(Err(RotateError::Reused)),
            Turn::Again => {}
        }
    }
    Err(Fault::Busy)
}

enum Turn {
    Mint(Box<ActiveFamily>),
    Reused,
    Again,
}

async fn turn(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    token: &RefreshToken,
    mut active: ActiveFamily,
    ip: &str,
) -> Result<Turn, Fault> {
    let now = ctx.now();
    let family = &mut active.family;
    if token.generation != family.generation {
        let window = realm.settings.tokens.refresh_reuse_window;
        // That the current generation was never presented is what makes it the unused successor: had it been, there
        // would be a newer one.
        let successor_unused = token.generation.checked_add(1) == Some(family.generation);
        if successor_unused && now.since(family.last_used_at) <= window {
            return Ok(Turn::Mint(Box::new(active)));
        }
        let actor = Actor {
            kind: ActorKind::Client,
            id: client.client_id().to_owned(),
            name: client.name().to_owned(),
            realm: realm.name.clone(),
            sid: None,
            ip: Some(ip.to_owned()),
        };
        signout::family::end(ctx, realm, token.family, Reason::RefreshReuse, actor).await?;
        return Ok(Turn::Reused);
    }
    family.generation = family.generation.saturating_add(1);
    family.last_used_at = now;
    family.made_with = ctx.vault.current();
    family.issues(realm, client, now);
    let mut batch = Batch::new();
    batch.replace(
        key::family(realm.id, family.id),
        active.version,
        encode(family)?,
    );
    match ctx.commit(batch).await {
        Ok(_) => {
            if let Some(session) = &active.session {
                session::touch::touch_by_app(ctx, realm, session, ip).await?;
            }
            Ok(Turn::Mint(Box::new(active)))
        }
        Err(CommitError::Conflict { .. }) => Ok(Turn::Again),
        Err(error) => Err(error.into()),
    }
}

fn narrowed(
    client: &Client,
    active: &ActiveFamily,
    presented: &Presented<'_>,
) -> Result<Scoped, RotateError> {
    let grant = &active.family.grant;
    let scope = match presented.scope {
        None => grant.scope.clone(),
        Some(asked) => {
            let granted: Vec<&str> = grant.scope.split(' ').collect();
            if !asked.split(' ').all(|s| granted.contains(&s)) {
                return Err(RotateError::Scope);
            }
            asked.to_owned()
        }
    };
    let audience = resources::narrow(client, &grant.resources, presented.resources)
        .map_err(|ResourceError| RotateError::Resource)?;
    Ok(Scoped { scope, audience })
}
