//! Revocation (RFC 7009): a refresh token takes its family with it, an access token only itself.

use super::refresh::RefreshToken;
use super::verify;
use crate::crypto;
use crate::domain::client::Client;
use crate::domain::denial;
use crate::domain::realm::Realm;
use crate::domain::signout::{self, Reason};
use crate::domain::sweep::Due;
use crate::domain::time::Timestamp;
use crate::domain::{Actor, ActorKind, Context, Fault, key};
use crate::store::Batch;

/// Revokes a token of the client's own. Anything else is left alone and answered alike (RFC 7009 §2.2).
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn revoke(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    token: &str,
    ip: &str,
) -> Result<(), Fault> {
    if let Some(refresh) = RefreshToken::read(ctx, token) {
        if refresh.realm == realm.id
            && let Ok(active) = denial::family(ctx, realm, client, refresh.family).await?
        {
            let actor = Actor {
                kind: ActorKind::Client,
                id: client.client_id().to_owned(),
                name: client.name().to_owned(),
                realm: realm.name.clone(),
                sid: None,
                ip: Some(ip.to_owned()),
            };
            signout::family::end(ctx, realm, active.family.id, Reason::TokenRevoked, actor).await?;
        }
        return Ok(());
    }
    let Some(claims) = verify::access(ctx, realm, token).await? else {
        return Ok(());
    };
    if claims.client_id != client.client_id() {
        return Ok(());
    }
    let hash = crypto::sha256(claims.jti.as_bytes());
    let mut batch = Batch::essential();
    batch.put(key::revoked_token(realm.id, &hash), Vec::new());
    Due::RevokedToken(hash).put(&mut batch, realm.id, Timestamp((claims.exp + 60) * 1000));
    ctx.commit(batch).await?;
    Ok(())
}
