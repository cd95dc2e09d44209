//! The only mint: access, ID and refresh tokens, and whatever else the realm signs, are made here and nowhere else.
//!
//! Decides nothing about policy: whoever calls has asked the judge and committed what the tokens rest on.

mod notice;
mod set;

pub use notice::{
    COMMAND_TYPE, LOGOUT_TYPE, logout_claims, logout_token, notice_alg, revocation_claims,
    revocation_token,
};
pub use set::security_event;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::claims::{requested, user_claims};
use super::refresh::RefreshToken;
use super::{AccessClaims, opaque};
use crate::crypto::{self, Alg, SigningKey};
use crate::domain::client::Client;
use crate::domain::grant::TokenFamily;
use crate::domain::id::{Sid, SignOutId};
use crate::domain::realm::{AccessTokenFormat, Realm};
use crate::domain::time::Span;
use crate::domain::user::{self, User};
use crate::domain::{Context, Fault, keys};

/// What was made.
pub struct Minted {
    /// The access token (RFC 9068).
    pub access_token: String,
    /// Its life in seconds.
    pub expires_in: u64,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// How long it may lie unused, in seconds.
    pub refresh_expires_in: Option<u64>,
    /// The ID token, when `openid` was granted.
    pub id_token: Option<String>,
    /// The scope of the access token.
    pub scope: String,
    /// The session it hangs on.
    pub sid: Option<Sid>,
}

/// What this one access token is for: at most what was granted.
pub struct Scoped {
    /// Its scope.
    pub scope: String,
    /// Its audience.
    pub audience: Vec<String>,
}

/// Makes the tokens of a family.
///
/// # Errors
/// [`Fault`] when the user cannot be read or a key cannot sign.
pub async fn for_family(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    family: &TokenFamily,
    scoped: Scoped,
) -> Result<Minted, Fault> {
    let grant = &family.grant;
    let now = ctx.now();
    let user = user::by_id(ctx, realm, grant.user).await?.map(|u| u.value);
    // A repeated answer may be made later than the first; its access token still ends when the first one does, so that
    // the bound on the receipt stays true.
    let lifetime = family.access_expires_at.since(now);
    let id = ctx.new_id();
    let access = AccessClaims {
        iss: realm.issuer(&ctx.public_url),
        sub: grant.user.to_string(),
        aud: scoped.audience,
        client_id: grant.client_id.clone(),
        exp: family.access_expires_at.secs(),
        iat: now.secs(),
        jti: id.simple().to_string(),
        scope: scoped.scope.clone(),
        auth_time: Some(grant.auth_time.secs()),
        acr: Some(grant.acr.clone()),
        amr: grant.amr.clone(),
        sid: Some(grant.sid),
        family: Some(family.id),
        roles: user.as_ref().map(|u| u.roles.clone()).unwrap_or_default(),
        status: family
            .listed()
            .map(|index| index.reference(realm, &ctx.public_url)),
    };
    let access_token = access_text(ctx, realm, family.access_format, id, access).await?;
    let id_token = if scoped.scope.split(' ').any(|s| s == "openid") {
        let alg = alg_of(realm, client);
        let signer = keys::signer(ctx, realm, alg).await?;
        let claims = id_claims(
            ctx,
            realm,
            family,
            user.as_ref(),
            &scoped.scope,
            &access_token,
            now.secs(),
            alg,
        );
        Some(sign(&signer, "JWT", &claims)?)
    } else {
        None
    };
    let (refresh_token, refresh_expires_in) = if family.refreshable {
        let token = RefreshToken {
            realm: realm.id,
            family: family.id,
            generation: family.generation,
        };
        let policy = &realm.settings.tokens;
        let idle = if family.offline {
            policy.offline_idle_timeout
        } else {
            policy.refresh_idle_timeout
        };
        (Some(token.text(ctx)), Some(idle.whole_secs()))
    } else {
        (None, None)
    };
    Ok(Minted {
        access_token,
        // To the nearest second: a few milliseconds went by since the family was written.
        expires_in: Span(lifetime.0 + 500).whole_secs(),
        refresh_token,
        refresh_expires_in,
        id_token,
        scope: scoped.scope,
        sid: Some(grant.sid),
    })
}

/// Makes the access token of a client acting for itself (RFC 6749 §4.4). No refresh token (§4.4.3).
///
/// # Errors
/// [`Fault`] when a key cannot sign.
pub async fn for_client(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    scoped: Scoped,
) -> Result<Minted, Fault> {
    let now = ctx.now();
    let lifetime = realm.settings.tokens.access_token_lifetime;
    let id = ctx.new_id();
    let claims = AccessClaims {
        iss: realm.issuer(&ctx.public_url),
        sub: client.client_id().to_owned(),
        aud: scoped.audience,
        client_id: client.client_id().to_owned(),
        exp: now.plus(lifetime).secs(),
        iat: now.secs(),
        jti: id.simple().to_string(),
        scope: scoped.scope.clone(),
        auth_time: None,
        acr: None,
        amr: Vec::new(),
        sid: None,
        family: None,
        roles: client.settings.service_account_roles.clone(),
        // It hangs on no session; what it hangs on is the client.
        status: None,
    };
    let format = client.access_token_format(realm);
    Ok(Minted {
        access_token: access_text(ctx, realm, format, id, claims).await?,
        expires_in: lifetime.whole_secs(),
        refresh_token: None,
        refresh_expires_in: None,
        id_token: None,
        scope: scoped.scope,
        sid: None,
    })
}

/// Signs the receipt of an act, to be kept and shown to others: `sub` is the act, the claim `receipt` what was known of it
/// at `iat`. Without `exp` and `aud`, since what happened does not expire and concerns everybody; its type keeps it from
/// being taken for any token.
///
/// # Errors
/// [`Fault`] when the key cannot sign.
pub async fn receipt(
    ctx: &Context,
    realm: &Realm,
    act: SignOutId,
    receipt: &Value,
) -> Result<String, Fault> {
    let claims = json!({
        "iss": realm.issuer(&ctx.public_url),
        "iat": ctx.now().secs(),
        "sub": act.to_string(),
        "receipt": receipt,
    });
    let signer = keys::signer(ctx, realm, realm.settings.tokens.signing_algorithm).await?;
    sign(&signer, "receipt+jwt", &claims)
}

async fn access_text(
    ctx: &Context,
    realm: &Realm,
    format: AccessTokenFormat,
    id: uuid::Uuid,
    claims: AccessClaims,
) -> Result<String, Fault> {
    match format {
        AccessTokenFormat::Opaque => opaque::text(ctx, realm, id, claims),
        AccessTokenFormat::Jwt => {
            let signer = keys::signer(ctx, realm, realm.settings.tokens.signing_algorithm).await?;
            sign(&signer, "at+jwt", &claims)
        }
    }
}

/// Claims of a status list (draft-ietf-oauth-status-list-20 §5.1). Its header's `typ` is `statuslist+jwt`.
#[derive(Clone, Debug, Serialize)]
pub struct StatusListClaims {
    /// The issuer.
    pub iss: String,
    /// The list's address.
    pub sub: String,
    /// When it was made, in seconds.
    pub iat: u64,
    /// When nobody may rely on it any more, in seconds.
    pub exp: u64,
    /// How long it may be kept before a new one is fetched, in seconds.
    pub ttl: u64,
    /// The list.
    pub status_list: StatusList,
}

/// A list (§4.2).
#[derive(Clone, Debug, Serialize)]
pub struct StatusList {
    /// Bits for one index.
    pub bits: u8,
    /// The compressed bits, in base64url.
    pub lst: String,
    /// Where the addresses of all lists are.
    pub aggregation_uri: String,
}

/// Signs a status list, with what signs access tokens.
///
/// # Errors
/// [`Fault`] when a key cannot sign.
pub async fn status_list(
    ctx: &Context,
    realm: &Realm,
    claims: &StatusListClaims,
) -> Result<String, Fault> {
    let signer = keys::signer(ctx, realm, realm.settings.tokens.signing_algorithm).await?;
    sign(&signer, "statuslist+jwt", claims)
}

/// What a client's ID tokens are signed with, and whatever else it verifies.
fn alg_of(realm: &Realm, client: &Client) -> Alg {
    let own = client.settings.id_token_signed_response_alg;
    own.unwrap_or(realm.settings.tokens.signing_algorithm)
}

fn sign(signer: &SigningKey, typ: &str, claims: &impl Serialize) -> Result<String, Fault> {
    signer
        .sign(typ, claims)
        .map_err(|e| Fault::Crypto(e.to_string()))
}

#[expect(
    clippy::too_many_arguments,
    reason = "one claim each; a struct of them would be the claims again"
)]
fn id_claims(
    ctx: &Context,
    realm: &Realm,
    family: &TokenFamily,
    user: Option<&User>,
    scope: &str,
    access_token: &str,
    now: u64,
    alg: Alg,
) -> Map<String, Value> {
    let grant = &family.grant;
    // The user's own claims first, so that nothing among them can stand in for a claim of the protocol.
    let mut claims = user
        .map(|u| user_claims(u, scope, &requested(grant.claims.as_deref(), "id_token")))
        .unwrap_or_default();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("iss", realm.issuer(&ctx.public_url).into());
    put("sub", grant.user.to_string().into());
    put("aud", grant.client_id.clone().into());
    put("azp", grant.client_id.clone().into());
    put(
        "exp",
        (now + realm.settings.tokens.id_token_lifetime.whole_secs()).into(),
    );
    put("iat", now.into());
    put("auth_time", grant.auth_time.secs().into());
    put("sid", grant.sid.to_string().into());
    put("acr", grant.acr.clone().into());
    put("amr", grant.amr.clone().into());
    put("at_hash", at_hash(access_token, alg).into());
    if let Some(index) = family.status.filter(|_| has_lists(realm)) {
        put("status", json!(index.reference(realm, &ctx.public_url)));
    }
    if let Some(nonce) = &grant.nonce {
        put("nonce", nonce.clone().into());
    }
    claims
}

fn has_lists(realm: &Realm) -> bool {
    !realm.settings.tokens.status_list_ttl.is_zero()
}

/// The left half of the hash that goes with the algorithm (OIDC Core §3.1.3.6). EdDSA hashes with SHA-512 inside, but
/// what verifiers in the field compute for Ed25519 is its left half too.
fn at_hash(access_token: &str, alg: Alg) -> String {
    let digest = match alg {
        Alg::EdDSA => &aws_lc_rs::digest::SHA512,
        Alg::Es256 | Alg::Rs256 => &aws_lc_rs::digest::SHA256,
    };
    let hash = aws_lc_rs::digest::digest(digest, access_token.as_bytes());
    let bytes = hash.as_ref();
    crypto::b64(bytes.get(..bytes.len() / 2).unwrap_or(bytes))
}
