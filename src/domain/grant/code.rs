//! Authorization codes: issued on the strength of a session, redeemed by one compare-and-set before anything is minted.

use super::begin::{self, Given, Lapsed};
use super::{AuthorizationCode, Grant, Held, TokenFamily};
use crate::crypto;
use crate::domain::client::Client;
use crate::domain::id::FamilyId;
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, decode, encode, versioned};
use crate::domain::signout::{self, Epoch, Reason};
use crate::domain::status::{self, Holder, Index};
use crate::domain::sweep::Due;
use crate::domain::time::{Span, Timestamp};
use crate::domain::token::resources::{self, ResourceError};
use crate::domain::{Actor, ActorKind, Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

/// A used code is remembered this long after it expired, so that its replay still revokes what it became.
const REMEMBERED: Span = Span::mins(10);

/// What an authorization code is bound to.
pub struct Issue {
    /// What it stands for.
    pub grant: Grant,
    /// Where it is sent.
    pub redirect_uri: String,
    /// The S256 challenge.
    pub code_challenge: Option<String>,
}

/// Issues a code and answers its text: 256 random bits, kept only as a hash.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn issue(ctx: &Context, realm: &Realm, issue: Issue) -> Result<String, Fault> {
    let text = crypto::b64(&ctx.random());
    let hash = crypto::sha256(text.as_bytes());
    let issued_at = ctx.now();
    let expires_at = issued_at.plus(realm.settings.tokens.authorization_code_lifetime);
    let code = AuthorizationCode {
        grant: issue.grant,
        redirect_uri: issue.redirect_uri,
        code_challenge: issue.code_challenge,
        issued_at,
        expires_at,
        used: None,
    };
    let mut batch = Batch::new();
    batch.create(key::code(realm.id, &hash), encode(&code)?);
    Due::Code(hash).put(&mut batch, realm.id, expires_at.plus(REMEMBERED));
    ctx.commit(batch).await?;
    Ok(text)
}

/// What a client presents with a code.
pub struct Redeem<'a> {
    /// The code's text.
    pub code: &'a str,
    /// The redirect URI, when sent: it must then be the one the code was sent to.
    pub redirect_uri: Option<&'a str>,
    /// The PKCE verifier (RFC 7636 §4.5); present exactly when there was a challenge.
    pub code_verifier: Option<&'a str>,
    /// The resources the access token shall be for: at most what was granted (RFC 8707 §2.2).
    pub resources: &'a [String],
}

/// Why a code is refused. All of them are `invalid_grant`, but for [`RedeemError::Resource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedeemError {
    /// No such code, or not this client's.
    #[error("the code is not known; codes are redeemed once, by the client they were issued to")]
    Unknown,
    /// Its time is over.
    #[error("the code has expired")]
    Expired,
    /// It was redeemed before; what it became has just been revoked.
    #[error("the code was already used; the tokens issued for it have been revoked")]
    Replayed,
    /// It was sent to another address.
    #[error("redirect_uri must be the one the code was sent to")]
    RedirectUri,
    /// The verifier does not fit the challenge, is missing, or there was no challenge.
    #[error("code_verifier does not match the code_challenge of the authorization request")]
    Verifier,
    /// Another resource than was granted: `invalid_target`.
    #[error("resource must be one that was granted")]
    Resource,
    /// What it stands for is over.
    #[error(transparent)]
    Lapsed(Lapsed),
}

/// Redeems a code: marks it used, creates the family and records the client's part in the session, all in one commit.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn redeem(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    redeem: Redeem<'_>,
) -> Result<Result<TokenFamily, RedeemError>, Fault> {
    let hash = crypto::sha256(redeem.code.as_bytes());
    for _ in 0..TRIES {
        // Before anything is read: a cut that is made meanwhile is then later than the family, and ends it.
        let now = ctx.now();
        let keys = [
            key::code(realm.id, &hash),
            key::client_epoch(realm.id, client.id),
        ];
        let mut read = ctx.store.get_many(&keys).await?.into_iter();
        let stored = read.next().flatten();
        let cut: Option<Epoch> = read
            .next()
            .flatten()
            .map(|r| decode(&r.value, "epoch"))
            .transpose()?;
        let Some(code) = versioned::<AuthorizationCode>(stored, "authorization code")? else {
            return Ok(Err(RedeemError::Unknown));
        };
        // Everything that could be wrong with the request is looked at before the code is: a wrong request neither
        // spends a code nor revokes what it became.
        if let Err(refused) = fits(&code.value, client, &redeem) {
            return Ok(Err(refused));
        }
        if let Some(family) = code.value.used {
            replayed(ctx, realm, client, family).await?;
            return Ok(Err(RedeemError::Replayed));
        }
        // A lifetime that became shorter applies to codes that exist.
        let lifetime = realm.settings.tokens.authorization_code_lifetime;
        if now
            >= code
                .value
                .expires_at
                .min(code.value.issued_at.plus(lifetime))
        {
            return Ok(Err(RedeemError::Expired));
        }
        let mut batch = Batch::new();
        let given = Given {
            grant: &code.value.grant,
            at: code.value.issued_at,
            cut,
        };
        let family = match begin::family(ctx, realm, client, &given, now, &mut batch).await? {
            Ok(family) => family,
            Err(lapsed) => return Ok(Err(RedeemError::Lapsed(lapsed))),
        };
        let Versioned { mut value, version } = code;
        value.used = Some(family.id);
        batch.replace(key::code(realm.id, &hash), version, encode(&value)?);
        match ctx.commit(batch).await {
            Ok(_) => return Ok(Ok(family)),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}

fn fits(code: &AuthorizationCode, client: &Client, redeem: &Redeem<'_>) -> Result<(), RedeemError> {
    if code.grant.client != client.id {
        return Err(RedeemError::Unknown);
    }
    if redeem
        .redirect_uri
        .is_some_and(|uri| uri != code.redirect_uri)
    {
        return Err(RedeemError::RedirectUri);
    }
    if !begin::proves(code.code_challenge.as_deref(), redeem.code_verifier) {
        return Err(RedeemError::Verifier);
    }
    resources::narrow(client, &code.grant.resources, redeem.resources)
        .map(|_| ())
        .map_err(|ResourceError| RedeemError::Resource)
}

/// Whether the family that a grant becomes outlives the session: then it has a place in a status list of its own.
pub fn outlives(client: &Client, grant: &Grant) -> bool {
    client.allows_grant("refresh_token") && grant.scope.split(' ').any(|s| s == "offline_access")
}

/// The family that a grant becomes at a given moment, with its place in a status list: the session's, or one of its own
/// when it [`outlives`] it. Nothing is written.
pub fn family_of(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    (grant, status): (&Grant, Option<Index>),
    now: Timestamp,
) -> TokenFamily {
    let may_refresh = client.allows_grant("refresh_token");
    let offline = outlives(client, grant);
    let mut family = TokenFamily {
        id: FamilyId(ctx.new_id()),
        grant: grant.clone(),
        offline,
        refreshable: offline || (may_refresh && client.settings.refresh_without_offline_access),
        // Never before its session, which after a cut starts beyond it: by a moment that may not have come yet.
        started_at: now.max(grant.session_started_at),
        last_used_at: now,
        generation: 1,
        made_with: ctx.vault.current(),
        access_expires_at: now,
        access_format: realm.settings.tokens.access_token_format,
        status,
        held: Held::default(),
        ended: None,
    };
    family.issues(realm, client, now);
    family
}

/// Adds everything that a new family writes: its record, its index rows, the date to look at it again.
///
/// # Errors
/// [`Fault::Record`] when it cannot be encoded.
pub fn rows(realm: &Realm, family: &TokenFamily, batch: &mut Batch) -> Result<(), Fault> {
    let grant = &family.grant;
    batch.create(key::family(realm.id, family.id), encode(family)?);
    batch.put(
        key::family_by_session(realm.id, grant.sid, family.id),
        Vec::new(),
    );
    batch.put(
        key::family_by_user(realm.id, grant.user, family.id),
        Vec::new(),
    );
    batch.put(
        key::family_by_client(realm.id, grant.client, family.id),
        Vec::new(),
    );
    Due::Family(family.id).put(batch, realm.id, idle_at(realm, family));
    if let Some(index) = family.own_status() {
        let holder = Holder {
            sid: grant.sid,
            user: grant.user,
            client: Some(grant.client),
            started_at: family.started_at,
        };
        status::hold(realm.id, index, &holder, batch)?;
    }
    Ok(())
}

/// When a family is over if nobody uses it.
pub fn idle_at(realm: &Realm, family: &TokenFamily) -> Timestamp {
    let policy = &realm.settings.tokens;
    family.last_used_at.plus(if family.offline {
        policy.offline_idle_timeout
    } else {
        policy.refresh_idle_timeout
    })
}

async fn replayed(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    family: FamilyId,
) -> Result<(), Fault> {
    let actor = Actor {
        kind: ActorKind::Client,
        id: client.client_id().to_owned(),
        name: client.name().to_owned(),
        realm: realm.name.clone(),
        sid: None,
        ip: None,
    };
    signout::family::end(ctx, realm, family, Reason::CodeReplay, actor).await?;
    Ok(())
}
