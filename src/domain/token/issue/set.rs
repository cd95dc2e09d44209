//! Security Event Tokens: the claims are the event's own, the signature is the mint's.

use super::sign;
use crate::crypto::Alg;
use crate::domain::realm::Realm;
use crate::domain::ssf::{Event, Stream};
use crate::domain::{Context, Fault, keys};

/// Makes a Security Event Token (RFC 8417) for one receiver. RS256 with 2048 bits or more, which every receiver reads (CAEP
/// Interoperability Profile §2). Made again, it is the same token.
///
/// # Errors
/// [`Fault`] when a key cannot sign.
pub async fn security_event(
    ctx: &Context,
    realm: &Realm,
    stream: &Stream,
    event: &Event,
) -> Result<String, Fault> {
    let claims = event.claims(&realm.issuer(&ctx.public_url), realm, stream);
    let signer = keys::signer(ctx, realm, Alg::Rs256).await?;
    sign(&signer, "secevent+jwt", &claims)
}
