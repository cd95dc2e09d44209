//! What tells an app that something is over: logout tokens, and the tokens that come with a command to revoke.

use serde_json::{Value, json};

use super::{alg_of, sign};
use crate::crypto::Alg;
use crate::domain::client::Client;
use crate::domain::id::{Sid, UserId};
use crate::domain::realm::Realm;
use crate::domain::time::Span;
use crate::domain::{Context, Fault, keys};

/// The `typ` of a logout token.
pub const LOGOUT_TYPE: &str = "logout+jwt";
/// The `typ` of the token that comes with a command to revoke.
pub const COMMAND_TYPE: &str = "global-token-revocation+jwt";

/// How long a logout token is good for: two minutes at most are recommended (Back-Channel Logout §2.4).
const LOGOUT_TOKEN_LIFETIME: Span = Span::secs(120);

/// Makes a logout token (Back-Channel Logout 1.0 §2.4): never with a `nonce`, and typed so that it is nothing else. Signed
/// as the client's ID tokens are (§2.6). Without `sid` it speaks of everything of the user.
///
/// # Errors
/// [`Fault`] when the key cannot sign.
pub async fn logout_token(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    user: UserId,
    sid: Option<Sid>,
) -> Result<String, Fault> {
    let claims = logout_claims(ctx, realm, client, user, sid);
    let signer = keys::signer(ctx, realm, alg_of(realm, client)).await?;
    sign(&signer, LOGOUT_TYPE, &claims)
}

/// What a logout token says that is made now: for whoever is to see it. It is signed anew for every attempt.
pub fn logout_claims(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    user: UserId,
    sid: Option<Sid>,
) -> Value {
    let now = ctx.now();
    let mut claims = json!({
        "iss": realm.issuer(&ctx.public_url),
        "aud": client.client_id(),
        "iat": now.secs(),
        "exp": now.plus(LOGOUT_TOKEN_LIFETIME).secs(),
        "jti": ctx.new_id().simple().to_string(),
        "sub": user.to_string(),
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    if let (Some(sid), Some(claims)) = (sid, claims.as_object_mut()) {
        claims.insert("sid".to_owned(), sid.to_string().into());
    }
    claims
}

/// How long a command is good for, as Okta's are.
const COMMAND_LIFETIME: Span = Span::secs(5 * 60);

/// Makes the token that authenticates a command to revoke everything of a user at an app
/// (draft-parecki-oauth-global-token-revocation-06 §3.2: "a JWT"), in the form that Okta sends: typed, `sub` is the
/// `client_id`, used once. Signed as the client's ID tokens are, with keys that it knows.
///
/// # Errors
/// [`Fault`] when the key cannot sign.
pub async fn revocation_token(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    audience: &str,
) -> Result<String, Fault> {
    let claims = revocation_claims(ctx, realm, client, audience);
    let signer = keys::signer(ctx, realm, alg_of(realm, client)).await?;
    sign(&signer, COMMAND_TYPE, &claims)
}

/// What such a token says that is made now: for whoever is to see it.
pub fn revocation_claims(ctx: &Context, realm: &Realm, client: &Client, audience: &str) -> Value {
    let now = ctx.now();
    json!({
        "iss": realm.issuer(&ctx.public_url),
        "sub": client.client_id(),
        "aud": audience,
        "iat": now.secs(),
        "nbf": now.secs(),
        "exp": now.plus(COMMAND_LIFETIME).secs(),
        "jti": ctx.new_id().simple().to_string(),
    })
}

/// What these are signed with for a client.
pub fn notice_alg(realm: &Realm, client: &Client) -> Alg {
    alg_of(realm, client)
}
