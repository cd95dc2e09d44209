//! What of a client lies sealed: the hash of its secret, the secret itself where a MAC needs it, the key of its webhooks.
//! Each is bound to the client and to what it is, so that none opens in the place of another.

use bytes::Bytes;
use zeroize::Zeroizing;

use super::Client;
use crate::crypto::KeyId;
use crate::domain::id::{ClientId, RealmId};
use crate::domain::record::{decode, encode_json};
use crate::domain::{Context, Fault};

/// What is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// SHA-256 of the client's secret.
    Hash,
    /// The client's secret.
    Secret,
    /// The key that its webhooks are signed with.
    Webhook,
}

impl Kept {
    /// What it is bound to.
    fn context(self, realm: RealmId, id: ClientId) -> String {
        let kind = match self {
            Kept::Hash => "client-secret-hash",
            Kept::Secret => "client-secret",
            Kept::Webhook => "webhook-secret",
        };
        format!("{kind}:{}:{id}", realm.0)
    }

    /// Every kind.
    const ALL: [Kept; 3] = [Kept::Hash, Kept::Secret, Kept::Webhook];

    /// Where it is in a client's record.
    fn of(self, client: &mut Client) -> &mut Option<Vec<u8>> {
        match self {
            Kept::Hash => &mut client.secret_hash,
            Kept::Secret => &mut client.secret_sealed,
            Kept::Webhook => &mut client.webhook_sealed,
        }
    }
}

/// Seals one of them.
///
/// # Errors
/// [`Fault::Crypto`].
pub fn seal(
    ctx: &Context,
    realm: RealmId,
    id: ClientId,
    kept: Kept,
    plain: &[u8],
) -> Result<Vec<u8>, Fault> {
    ctx.vault
        .seal(&kept.context(realm, id), plain)
        .map_err(|error| Fault::Crypto(error.to_string()))
}

/// Opens one of them.
///
/// # Errors
/// [`Fault::Crypto`] when it does not open.
pub fn open(
    ctx: &Context,
    realm: RealmId,
    id: ClientId,
    kept: Kept,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    ctx.vault
        .open(&kept.context(realm, id), sealed)
        .map(Zeroizing::new)
        .map_err(|error| Fault::Crypto(format!("what client {id} has sealed: {error}")))
}

/// A client's record with all of it sealed by the key that seals now; `None` when it is already.
///
/// # Errors
/// [`Fault`] when something does not open.
pub(in crate::domain) fn reseal(
    ctx: &Context,
    realm: RealmId,
    value: &[u8],
) -> Result<Option<Bytes>, Fault> {
    let mut client: Client = decode(value, "client")?;
    let id = client.id;
    let mut changed = false;
    for kept in Kept::ALL {
        if let Some(sealed) = kept.of(&mut client)
            && KeyId::of(sealed) != Some(ctx.vault.current())
        {
            *sealed = seal(ctx, realm, id, kept, &open(ctx, realm, id, kept, sealed)?)?;
            changed = true;
        }
    }
    changed.then(|| encode_json(&client)).transpose()
}

/// SHA-256 of the client's secret; `None` when it has none.
///
/// # Errors
/// [`Fault::Crypto`] when it does not open.
pub fn secret_hash(
    ctx: &Context,
    realm: RealmId,
    client: &Client,
) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
    client
        .secret_hash
        .as_deref()
        .map(|sealed| open(ctx, realm, client.id, Kept::Hash, sealed))
        .transpose()
}
