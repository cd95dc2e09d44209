//! Making and turning over keys: next → active → retired.

use super::ring::{load, seal_context};
use super::{KeyState, StoredKey};
use crate::crypto::keys::generate;
use crate::crypto::{Alg, SigningKey};
use crate::domain::audit::{self, Entry};
use crate::domain::id::RealmId;
use crate::domain::realm::Realm;
use crate::domain::record::{encode, versioned};
use crate::domain::sweep::Due;
use crate::domain::time::Span;
use crate::domain::{Actor, Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

/// Added to the longest token life before a retired key is forgotten: clocks differ.
const MARGIN: Span = Span::mins(10);

/// Sees to it that a realm has a key that signs with `alg`, and the next one beside it.
///
/// # Errors
/// [`Fault`] when a key cannot be made or kept.
pub(super) async fn ensure(ctx: &Context, realm: RealmId, alg: Alg) -> Result<(), Fault> {
    for _ in 0..TRIES {
        // Every key has a name of its own: without this, two nodes that need a realm's first key would each make one.
        let at = key::signing_turn(realm, alg.name());
        let turn = ctx.store.get(&at).await?;
        let stored = load(ctx, realm).await?;
        let mut batch = Batch::new();
        for state in [KeyState::Active, KeyState::Next] {
            if !stored.iter().any(|k| k.alg == alg && k.state == state) {
                let made = make(ctx, realm, alg, state).await?;
                batch.create(key::signing_key(realm, &made.kid), encode(&made)?);
            }
        }
        if batch.is_empty() {
            return Ok(());
        }
        match turn {
            Some(turn) => batch.replace(at, turn.version, Vec::new()),
            None => batch.create(at, Vec::new()),
        };
        match ctx.commit(batch).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}

/// Turns a realm's keys over: the next one signs from now on, the old one stays published until its last token has
/// expired, a new next one is published. Answers the kid of the one that signs.
///
/// # Errors
/// [`Fault`] when a key cannot be made or kept.
pub async fn rotate(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    alg: Alg,
) -> Result<String, Fault> {
    ensure(ctx, realm.id, alg).await?;
    let tokens = &realm.settings.tokens;
    // Of a status list too: it may be kept for its `ttl`, and a little longer by whoever gets no newer one.
    let longest = tokens
        .access_token_lifetime
        .max(tokens.id_token_lifetime)
        .max(tokens.status_list_ttl);
    let until = ctx.now().plus(Span(longest.0 + MARGIN.0));
    let fresh = make(ctx, realm.id, alg, KeyState::Next).await?;
    let mut batch = Batch::new();
    let mut signs = String::new();
    for stored in load(ctx, realm.id).await? {
        let state = match stored.state {
            KeyState::Active if stored.alg == alg => KeyState::Retired { until },
            KeyState::Next if stored.alg == alg => KeyState::Active,
            _ => continue,
        };
        let at = key::signing_key(realm.id, &stored.kid);
        let Some(mut read) = versioned::<StoredKey>(ctx.store.get(&at).await?, "signing key")?
        else {
            continue;
        };
        read.value.state = state;
        if state == KeyState::Active {
            signs = read.value.kid.clone();
        } else if let Ok(kid) = read.value.kid.as_bytes().try_into() {
            Due::RetiredKey(kid).put(&mut batch, realm.id, until);
        }
        batch.replace(at, read.version, encode(&read.value)?);
    }
    batch.create(key::signing_key(realm.id, &fresh.kid), encode(&fresh)?);
    let entry = Entry {
        actor,
        action: "keys.rotate",
        target_kind: "key",
        target: signs.clone(),
        detail: None,
    };
    audit::record(&mut batch, ctx, realm.id, &entry)?;
    match ctx.commit(batch).await {
        Ok(_) => {
            ctx.keys.evict(realm.id);
            Ok(signs)
        }
        Err(CommitError::Conflict { .. }) => Err(Fault::Busy),
        Err(error) => Err(error.into()),
    }
}

async fn make(
    ctx: &Context,
    realm: RealmId,
    alg: Alg,
    state: KeyState,
) -> Result<StoredKey, Fault> {
    // An RSA key takes a good part of a second: not on a thread that answers requests.
    let pkcs8 = tokio::task::spawn_blocking(move || generate(alg))
        .await
        .map_err(|e| Fault::Crypto(e.to_string()))?
        .map_err(|e| Fault::Crypto(e.to_string()))?;
    let kid = SigningKey::parse(alg, &pkcs8)
        .map_err(|e| Fault::Crypto(e.to_string()))?
        .kid()
        .to_owned();
    let sealed = ctx
        .vault
        .seal(&seal_context(realm, &kid), &pkcs8)
        .map_err(|e| Fault::Crypto(e.to_string()))?;
    Ok(StoredKey {
        kid,
        alg,
        sealed,
        created_at: ctx.now(),
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{sweep, testing};

    #[tokio::test]
    async fn a_retired_key_is_published_until_its_last_token_has_expired_and_then_forgotten() {
        let (ctx, clock) = testing::context();
        let realm = testing::realm(&ctx, "home").await;
        let first = crate::domain::keys::signer(&ctx, &realm, Alg::Es256)
            .await
            .unwrap();
        let old = first.kid().to_owned();
        rotate(&ctx, &realm, &Actor::system("test"), Alg::Es256)
            .await
            .unwrap();
        let published = async |kid: &str| {
            let keys = crate::domain::keys::of(&ctx, &realm).await.unwrap();
            keys.verifying(kid).is_some()
        };
        clock.advance(Span::mins(14));
        sweep::sweep(&ctx).await.unwrap();
        assert!(published(&old).await, "a token of it may still be good");
        clock.advance(Span::mins(2));
        sweep::sweep(&ctx).await.unwrap();
        ctx.keys.evict(realm.id);
        assert!(!published(&old).await);
    }
}
