//! What registering, changing and deleting a client promises.

use super::*;
use crate::domain::client::{by_id, find, list};
use crate::domain::{audit, testing};

fn admin() -> Actor {
    Actor::system("test")
}

fn settings(client_id: &str) -> ClientSettings {
    ClientSettings {
        client_id: client_id.to_owned(),
        ..ClientSettings::default()
    }
}

#[tokio::test]
async fn a_client_is_found_by_either_id_in_its_realm_only() {
    let (ctx, _) = testing::context();
    let (home, other) = (
        testing::realm(&ctx, "home").await,
        testing::realm(&ctx, "other").await,
    );
    let made = create(&ctx, &home, &admin(), settings("web"))
        .await
        .unwrap()
        .client;
    // Twice: once from the store and once from the catalog.
    for _ in 0..2 {
        assert_eq!(find(&ctx, &home, "web").await.unwrap().unwrap().id, made.id);
        assert_eq!(
            by_id(&ctx, &home, made.id)
                .await
                .unwrap()
                .unwrap()
                .client_id(),
            "web"
        );
        assert!(find(&ctx, &other, "web").await.unwrap().is_none());
        assert!(by_id(&ctx, &other, made.id).await.unwrap().is_none());
        assert!(
            find(&ctx, &home, &"x".repeat(3000))
                .await
                .unwrap()
                .is_none()
        );
    }
    assert!(matches!(
        create(&ctx, &home, &admin(), settings("web")).await,
        Err(ClientError::NameTaken)
    ));
    assert!(matches!(
        create(&ctx, &home, &admin(), settings("")).await,
        Err(ClientError::Invalid(_))
    ));
}

#[tokio::test]
async fn pages_of_clients_go_on_where_the_last_ended() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "home").await;
    for id in ["web-b", "api", "web-a", "web-c"] {
        create(&ctx, &realm, &admin(), settings(id)).await.unwrap();
    }
    let names = |clients: &[Arc<Client>]| {
        clients
            .iter()
            .map(|c| c.client_id().to_owned())
            .collect::<Vec<_>>()
    };
    let (first, next) = list(&ctx, &realm, "web", None, 2).await.unwrap();
    assert_eq!(names(&first), ["web-a", "web-b"]);
    assert_eq!(next.as_deref(), Some("web-b"));
    let (last, next) = list(&ctx, &realm, "web", next.as_deref(), 2).await.unwrap();
    assert_eq!(names(&last), ["web-c"]);
    assert_eq!(next, None);
}

#[tokio::test]
async fn a_secret_is_made_once_and_kept_as_a_hash() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "home").await;
    let made = create(&ctx, &realm, &admin(), settings("web"))
        .await
        .unwrap();
    let secret = made.secret.unwrap();
    assert!(has_secret(&ctx, &realm, &made.client, secret.expose()));
    assert!(made.client.secret_sealed.is_none());
    let given = ClientSettings {
        client_secret: Some("given".to_owned()),
        ..settings("given")
    };
    let given = create(&ctx, &realm, &admin(), given).await.unwrap();
    assert!(given.secret.is_none());
    assert!(
        has_secret(&ctx, &realm, &given.client, "given")
            && !has_secret(&ctx, &realm, &given.client, "other")
    );
    assert!(given.client.settings.client_secret.is_none());
    let public = ClientSettings {
        token_endpoint_auth_method: AuthMethod::None,
        ..settings("public")
    };
    let public = create(&ctx, &realm, &admin(), public).await.unwrap();
    assert!(public.secret.is_none() && public.client.secret_hash.is_none());
}

#[tokio::test]
async fn no_record_of_the_store_holds_a_secret() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "home").await;
    let secret = "a secret of more than thirty-two bytes";
    let jwt = ClientSettings {
        client_secret: Some(secret.to_owned()),
        token_endpoint_auth_method: AuthMethod::ClientSecretJwt,
        ..settings("jwt")
    };
    let made = create(&ctx, &realm, &admin(), jwt).await.unwrap().client;
    let kept = made.secret_sealed.as_ref().unwrap();
    let opened = sealed::open(&ctx, realm.id, made.id, Kept::Secret, kept).unwrap();
    assert_eq!(*opened, secret.as_bytes());
    // Nowhere else: not as another client's, not in another realm, not as anything else.
    let other = ClientId(ctx.new_id());
    assert!(sealed::open(&ctx, realm.id, other, Kept::Secret, kept).is_err());
    let away = crate::domain::id::RealmId(realm.id.0 + 1);
    assert!(sealed::open(&ctx, away, made.id, Kept::Secret, kept).is_err());
    assert!(sealed::open(&ctx, realm.id, made.id, Kept::Webhook, kept).is_err());
    let everything = crate::store::Range::prefix([]);
    let (dir, what) = (
        crate::store::Dir::Forward,
        crate::store::KeysOrRecords::Records,
    );
    let page = ctx
        .store
        .scan(&everything, None, 1000, dir, what)
        .await
        .unwrap();
    assert!(page.records.len() > 3);
    let text = secret.as_bytes();
    assert!(
        !page
            .records
            .iter()
            .any(|r| r.value.windows(text.len()).any(|w| w == text))
    );
}

#[tokio::test]
async fn an_update_keeps_the_secret_unless_one_is_given() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "home").await;
    let made = create(&ctx, &realm, &admin(), settings("web"))
        .await
        .unwrap();
    let (id, old) = (made.client.id, made.secret.unwrap());
    let named = ClientSettings {
        client_name: Some("Web".to_owned()),
        ..settings("web")
    };
    let updated = update(&ctx, &realm, &admin(), id, named.clone())
        .await
        .unwrap();
    assert!(updated.secret.is_none() && updated.sign_out.is_none());
    assert!(has_secret(&ctx, &realm, &updated.client, old.expose()));
    assert_eq!(
        find(&ctx, &realm, "web").await.unwrap().unwrap().name(),
        "Web"
    );
    let newest = audit::newest(&ctx, realm.id, 10).await.unwrap();
    assert!(
        newest
            .iter()
            .any(|r| r.detail.as_deref() == Some("changed: client_name"))
    );

    let given = ClientSettings {
        client_secret: Some("new".to_owned()),
        ..named.clone()
    };
    let updated = update(&ctx, &realm, &admin(), id, given.clone())
        .await
        .unwrap();
    assert!(
        has_secret(&ctx, &realm, &updated.client, "new")
            && !has_secret(&ctx, &realm, &updated.client, old.expose())
    );
    let before = testing::position(&ctx).await;
    update(&ctx, &realm, &admin(), id, given).await.unwrap();
    assert_eq!(
        testing::position(&ctx).await,
        before,
        "the same again writes nothing"
    );

    let jwt = ClientSettings {
        token_endpoint_auth_method: AuthMethod::ClientSecretJwt,
        ..named
    };
    let updated = update(&ctx, &realm, &admin(), id, jwt).await.unwrap();
    assert!(
        has_secret(
            &ctx,
            &realm,
            &updated.client,
            updated.secret.unwrap().expose()
        ),
        "the hash alone does not make an HMAC"
    );
}

#[tokio::test]
async fn a_client_id_stays_what_it_is() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "home").await;
    let id = create(&ctx, &realm, &admin(), settings("web"))
        .await
        .unwrap()
        .client
        .id;
    let renamed = update(&ctx, &realm, &admin(), id, settings("web2")).await;
    assert!(matches!(renamed, Err(ClientError::Invalid(_))));
    let unknown = update(
        &ctx,
        &realm,
        &admin(),
        ClientId(ctx.new_id()),
        settings("web"),
    )
    .await;
    assert!(matches!(unknown, Err(ClientError::NotFound)));
}

#[tokio::test]
async fn a_rotated_secret_replaces_the_old_one() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "home").await;
    let made = create(&ctx, &realm, &admin(), settings("web"))
        .await
        .unwrap();
    let new = rotate_secret(&ctx, &realm, &admin(), made.client.id)
        .await
        .unwrap();
    let client = find(&ctx, &realm, "web").await.unwrap().unwrap();
    assert!(
        has_secret(&ctx, &realm, &client, new.expose())
            && !has_secret(&ctx, &realm, &client, made.secret.unwrap().expose())
    );
    let public = ClientSettings {
        token_endpoint_auth_method: AuthMethod::None,
        ..settings("public")
    };
    let public = create(&ctx, &realm, &admin(), public).await.unwrap().client;
    assert!(matches!(
        rotate_secret(&ctx, &realm, &admin(), public.id).await,
        Err(ClientError::Invalid(_))
    ));
}

#[tokio::test]
async fn disabling_and_deleting_end_what_the_client_was_granted() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "home").await;
    let id = create(&ctx, &realm, &admin(), settings("web"))
        .await
        .unwrap()
        .client
        .id;
    let off = ClientSettings {
        enabled: false,
        ..settings("web")
    };
    let act = update(&ctx, &realm, &admin(), id, off.clone())
        .await
        .unwrap()
        .sign_out
        .unwrap();
    assert_eq!(act.reason, Reason::ClientDisabled);
    assert!(
        ctx.store
            .get(&key::client_epoch(realm.id, id))
            .await
            .unwrap()
            .is_some()
    );
    let named = ClientSettings {
        client_name: Some("Web".to_owned()),
        ..off
    };
    let again = update(&ctx, &realm, &admin(), id, named).await.unwrap();
    assert!(again.sign_out.is_none(), "it was disabled before");

    delete(&ctx, &realm, &admin(), id).await.unwrap();
    assert!(find(&ctx, &realm, "web").await.unwrap().is_none());
    assert!(by_id(&ctx, &realm, id).await.unwrap().is_none());
    assert!(matches!(
        delete(&ctx, &realm, &admin(), id).await,
        Err(ClientError::NotFound)
    ));
    create(&ctx, &realm, &admin(), settings("web"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_webhooks_key_is_kept_sealed_and_stays_until_another_is_given() {
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let told = |secret: Option<&str>| ClientSettings {
        webhook_uri: Some("https://web.example/hook".to_owned()),
        webhook_secret: secret.map(str::to_owned),
        ..settings("web")
    };
    let key = |client: &Client| {
        channels::webhook_key(&ctx, &realm, client)
            .unwrap()
            .map(|k| k.to_vec())
    };
    let refused = create(&ctx, &realm, &admin(), told(None))
        .await
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("webhook_uri needs webhook_secret"),
        "{refused}"
    );
    let made = create(&ctx, &realm, &admin(), told(Some(SECRET)))
        .await
        .unwrap()
        .client;
    let first = key(&made).unwrap();
    assert_eq!(Some(first.clone()), crypto::unbase64(&SECRET[6..]));
    assert_eq!(made.settings.webhook_secret, None);
    let stored = ctx
        .store
        .get(&key::client(realm.id, made.id))
        .await
        .unwrap()
        .unwrap();
    let stored = String::from_utf8_lossy(&stored.value).into_owned();
    assert!(!stored.contains(&SECRET[6..]));
    // The same again, or none: nothing changes, not even how it is sealed.
    for again in [Some(SECRET), None] {
        let after = update(&ctx, &realm, &admin(), made.id, told(again))
            .await
            .unwrap();
        assert_eq!(after.client.webhook_sealed, made.webhook_sealed);
    }
    let other = format!("whsec_{}", crypto::base64(&[7; 32]));
    let after = update(&ctx, &realm, &admin(), made.id, told(Some(&other)))
        .await
        .unwrap();
    assert_eq!(key(&after.client).unwrap(), [7; 32]);
    let seen = audit::newest(&ctx, realm.id, 10).await.unwrap();
    assert!(
        seen.iter()
            .all(|r| !r.detail.clone().unwrap_or_default().contains("whsec_"))
    );
    let without = update(&ctx, &realm, &admin(), made.id, settings("web"))
        .await
        .unwrap();
    assert_eq!(key(&without.client), None);
}
