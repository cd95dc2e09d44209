//! A change of the master key from its first step to its last, with crashes and with others at work.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::reseal::{Step, step};
use super::*;
use crate::crypto::Vault;
use crate::domain::client::{self, AuthMethod, ClientSettings};
use crate::domain::realm::Realm;
use crate::domain::testing::{self, Script};
use crate::domain::time::Span;
use crate::domain::token::refresh::RefreshToken;
use crate::domain::{browser, keys, user};

fn key_of(byte: u8) -> (KeyId, [u8; 32]) {
    Vault::from_key([byte; 32]).known()[0]
}

fn vault(keys: &[u8]) -> Vault {
    let keys: Vec<_> = keys.iter().map(|k| Zeroizing::new([*k; 32])).collect();
    Vault::from_keys(&keys).unwrap()
}

/// The same store, opened by a process with these keys: admitted or not.
async fn start(first: &Context, keys: &[u8]) -> Result<Arc<Context>, AdmitError> {
    let ctx = Context {
        vault: vault(keys),
        ..testing::node(first, "again", Arc::new(Script::default()))
    };
    let current = admit(&ctx, &ctx.vault.known()).await?;
    assert!(ctx.vault.seal_with(current));
    Ok(Arc::new(ctx))
}

async fn walk(ctx: &Context) -> u64 {
    let mut resealed = 0;
    for _ in 0..1000 {
        if step(ctx).await.unwrap() == Step::Idle {
            return resealed;
        }
        if let Some(walk) = masters(&*ctx.store).await.unwrap().unwrap().walk {
            resealed = walk.resealed;
        }
    }
    panic!("it does not end");
}

/// A client that signs with its secret, with a webhook; a person with a password; browser state; signing keys.
async fn fill(ctx: &Context) -> Arc<Realm> {
    let realm = testing::realm(ctx, "home").await;
    keys::of(ctx, &realm).await.unwrap();
    let settings = ClientSettings {
        client_id: "jwt".to_owned(),
        client_secret: Some("a secret of more than thirty-two bytes".to_owned()),
        token_endpoint_auth_method: AuthMethod::ClientSecretJwt,
        webhook_uri: Some("https://jwt.example/hook".to_owned()),
        webhook_secret: Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()),
        redirect_uris: vec!["https://jwt.example/callback".to_owned()],
        ..ClientSettings::default()
    };
    let actor = Actor::system("test");
    client::verbs::create(ctx, &realm, &actor, settings)
        .await
        .unwrap();
    for n in 0..90 {
        let settings = user::UserSettings {
            username: format!("user-{n}"),
            password_hash: Some("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc".to_owned()),
            ..user::UserSettings::default()
        };
        let made = user::verbs::create(ctx, &realm, &actor, settings).await;
        made.unwrap_or_else(|e| panic!("{e}"));
        let state = browser::BrowserState {
            data: b"what the web layer keeps".to_vec(),
            expires_at: ctx.now().plus(Span::hours(1)),
        };
        let id = format!("browser-{n}");
        assert!(browser::create(ctx, id.as_bytes(), &state).await.unwrap());
    }
    realm
}

/// Everything sealed opens in this process.
async fn opens(ctx: &Context, realm: &Realm) {
    ctx.keys.clear();
    ctx.catalog.clear();
    keys::of(ctx, realm).await.unwrap();
    let client = client::find(ctx, realm, "jwt").await.unwrap().unwrap();
    let secret = "a secret of more than thirty-two bytes";
    assert!(client::verbs::has_secret(ctx, realm, &client, secret));
    let hook = client::channels::webhook_key(ctx, realm, &client).unwrap();
    assert_eq!(hook.unwrap().len(), 24);
    for n in 0..90 {
        let id = format!("browser-{n}");
        let state = browser::load(ctx, id.as_bytes()).await.unwrap().unwrap();
        assert_eq!(state.data, b"what the web layer keeps");
        let name = format!("user-{n}");
        let wrong = crate::crypto::Secret::new("wrong".to_owned());
        // It does not open as a fault would show, not as a refusal.
        let tried = user::authenticate(ctx, realm, &name, wrong).await;
        assert!(tried.unwrap().is_err());
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_at_the_door_and_changes_nothing() {
    let (ctx, _) = testing::context();
    admit(&ctx, &ctx.vault.known()).await.unwrap();
    let before = testing::position(&ctx).await;
    let refused = start(&ctx, &[8]).await.err().unwrap();
    let said = refused.to_string();
    assert!(matches!(refused, AdmitError::Wrong { current, .. } if current == key_of(7).0));
    assert!(
        said.contains(&key_of(7).0.to_string()) && said.contains("REALMKEEP_MASTER_KEY_PREVIOUS")
    );
    assert_eq!(testing::position(&ctx).await, before);
    // The right one writes nothing either.
    start(&ctx, &[7]).await.unwrap();
    assert_eq!(testing::position(&ctx).await, before);
}

#[tokio::test]
async fn a_change_of_the_key_goes_on_where_it_was_and_ends_with_the_old_key_free() {
    let (ctx, _) = testing::context();
    admit(&ctx, &ctx.vault.known()).await.unwrap();
    let realm = fill(&ctx).await;
    let ctx = start(&ctx, &[8, 7]).await.unwrap();
    assert_eq!(ctx.vault.current(), key_of(8).0);
    opens(&ctx, &realm).await;
    for _ in 0..3 {
        assert_eq!(step(&ctx).await.unwrap(), Step::Done);
    }
    // Killed here; the old key must not be missing now.
    let early = start(&ctx, &[8]).await.err().unwrap();
    assert!(matches!(early, AdmitError::Needed { missing } if missing == key_of(7).0));
    let ctx = start(&ctx, &[8, 7]).await.unwrap();
    let before = masters(&*ctx.store).await.unwrap().unwrap().walk.unwrap();
    assert!(before.resealed > 0);
    let resealed = walk(&ctx).await;
    // Four signing keys, the client, passwords, browser state: each once.
    assert!((4 + 1 + 90 + 90..200).contains(&resealed), "{resealed}");
    let known = masters(&*ctx.store).await.unwrap().unwrap();
    assert_eq!(known.keys[0].left, Some(Left::default()));
    assert!(known.walk.is_none());

    let ctx = start(&ctx, &[8]).await.unwrap();
    opens(&ctx, &realm).await;
    let known = masters(&*ctx.store).await.unwrap().unwrap();
    assert_eq!(known.keys.len(), 1);
    assert!(matches!(
        start(&ctx, &[7]).await,
        Err(AdmitError::Wrong { .. })
    ));
}

#[tokio::test]
async fn what_others_write_with_the_old_key_meanwhile_is_sealed_anew_too() {
    let (old, _) = testing::context();
    admit(&old, &old.vault.known()).await.unwrap();
    let realm = fill(&old).await;
    let ctx = start(&old, &[8, 7]).await.unwrap();
    while masters(&*ctx.store)
        .await
        .unwrap()
        .unwrap()
        .walk
        .unwrap()
        .part()
        .0
        < 3
    {
        step(&ctx).await.unwrap();
    }
    // Another node, which has not heard of it yet, makes a client behind the walk.
    testing::client(&old, &realm, "late").await;
    walk(&ctx).await;
    let ctx = start(&ctx, &[8]).await.unwrap();
    let late = client::find(&ctx, &realm, "late").await.unwrap().unwrap();
    assert!(client::verbs::has_secret(
        &ctx,
        &realm,
        &late,
        "a-secret-of-the-app-that-is-long"
    ));
}

#[tokio::test]
async fn refresh_tokens_of_the_old_key_stay_good_and_are_counted_until_they_are_exchanged() {
    let (old, clock) = testing::context();
    admit(&old, &old.vault.known()).await.unwrap();
    let realm = testing::realm(&old, "home").await;
    let app = testing::client(&old, &realm, "app").await;
    let alice = testing::user(&old, &realm, "alice").await;
    let sid = testing::session(&old, &realm, alice.id).await;
    let family = testing::grant(&old, &realm, &app, sid, "openid offline_access").await;
    let token = RefreshToken {
        realm: realm.id,
        family: family.id,
        generation: family.generation,
    };
    let text = token.text(&old);
    let ctx = start(&old, &[8, 7]).await.unwrap();
    walk(&ctx).await;
    let left = async || {
        masters(&*ctx.store).await.unwrap().unwrap().keys[0]
            .left
            .unwrap()
    };
    assert_eq!((left().await.sealed, left().await.refresh_tokens), (0, 1));
    assert!(left().await.until > ctx.now());
    assert_eq!(RefreshToken::read(&ctx, &text), Some(token));

    let presented = crate::domain::token::rotate::Presented {
        token: &text,
        scope: None,
        resources: &[],
        ip: "192.0.2.1",
    };
    let rotated = crate::domain::token::rotate::rotate(&ctx, &realm, &app, presented).await;
    let minted = rotated.unwrap().unwrap();
    clock.advance(Span::hours(1));
    walk(&ctx).await;
    assert_eq!(left().await.refresh_tokens, 0);
    let ctx = start(&ctx, &[8]).await.unwrap();
    assert_eq!(RefreshToken::read(&ctx, &text), None, "the old key is gone");
    let newer = minted.refresh_token.unwrap();
    assert!(RefreshToken::read(&ctx, &newer).is_some());
}

#[tokio::test]
async fn a_node_that_still_has_the_old_order_turns_nothing_back() {
    let (first, _) = testing::context();
    admit(&first, &first.vault.known()).await.unwrap();
    let ctx = start(&first, &[8, 7]).await.unwrap();
    let behind = start(&ctx, &[7, 8]).await.unwrap();
    assert_eq!(behind.vault.current(), key_of(8).0);
    let known = masters(&*ctx.store).await.unwrap().unwrap();
    assert_eq!((known.current, known.keys.len()), (key_of(8).0, 2));
}
