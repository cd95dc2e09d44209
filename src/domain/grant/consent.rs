//! What a user allowed a client, so that they are asked once.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::client::{Client, ConsentRule};
use crate::domain::id::{ClientId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::{decode, encode};
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, key};
use crate::store::Batch;

/// What a user allowed a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Consent {
    /// The scopes.
    pub scopes: BTreeSet<String>,
    /// When they were last added to.
    pub at: Timestamp,
    /// When everything was last taken back: a code that was issued until then becomes no grant.
    pub cut: Option<Timestamp>,
}

/// Whether the consent page must be shown before `client` gets `scope`.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn needed(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    user: UserId,
    scope: &str,
    asked: bool,
) -> Result<bool, Fault> {
    if asked || client.settings.consent == ConsentRule::Always {
        return Ok(true);
    }
    if client.settings.consent == ConsentRule::Never {
        return Ok(false);
    }
    let given = find(ctx, realm, client.id, user).await?;
    Ok(!scope
        .split(' ')
        .all(|s| given.as_ref().is_some_and(|c| c.scopes.contains(s))))
}

/// Records that a user allowed a client these scopes, beside those of before.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn allow(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    user: UserId,
    scope: &str,
) -> Result<(), Fault> {
    let (mut scopes, cut) = find(ctx, realm, client.id, user)
        .await?
        .map(|c| (c.scopes, c.cut))
        .unwrap_or_default();
    scopes.extend(scope.split(' ').map(str::to_owned));
    let mut batch = Batch::new();
    batch.put(
        key::consent(realm.id, user, client.id),
        encode(&Consent {
            scopes,
            at: ctx.now(),
            cut,
        })?,
    );
    ctx.commit(batch).await?;
    Ok(())
}

/// What a user allowed a client, or took back from it.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub(super) async fn find(
    ctx: &Context,
    realm: &Realm,
    client: ClientId,
    user: UserId,
) -> Result<Option<Consent>, Fault> {
    let stored = ctx.store.get(&key::consent(realm.id, user, client)).await?;
    stored.map(|r| decode(&r.value, "consent")).transpose()
}
