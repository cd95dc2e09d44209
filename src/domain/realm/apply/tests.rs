//! That a file can be applied at every start, and what a first start makes.

use super::*;
use crate::domain::testing;

fn clients() -> Vec<ClientSettings> {
    let web = ClientSettings {
        client_id: "web".to_owned(),
        client_secret: Some("secret".to_owned()),
        redirect_uris: vec!["http://127.0.0.1:9090/callback".to_owned()],
        ..ClientSettings::default()
    };
    let made = ClientSettings {
        client_id: "made".to_owned(),
        ..ClientSettings::default()
    };
    vec![web, made]
}

fn users() -> Vec<UserSettings> {
    let claims = serde_json::json!({"name": "Alice Adams", "email_verified": true, "height": 1.7, "floor": -2});
    let alice = UserSettings {
        username: "Alice".to_owned(),
        password: Some("first".to_owned()),
        claims: claims.as_object().unwrap().clone(),
        ..UserSettings::default()
    };
    vec![alice]
}

async fn lets_in(ctx: &Context, realm: &str, username: &str, password: &str) -> bool {
    let realm = find(ctx, realm).await.unwrap().unwrap();
    let password = Secret::new(password.to_owned());
    user::authenticate(ctx, &realm, username, password)
        .await
        .unwrap()
        .is_ok()
}

fn counts(applied: &Applied) -> (usize, usize, usize) {
    (applied.created, applied.updated, applied.unchanged)
}

#[tokio::test]
async fn the_same_file_again_writes_nothing() {
    let (ctx, _) = testing::context();
    let first = apply(&ctx, "demo", RealmSettings::default(), clients(), users())
        .await
        .unwrap();
    assert_eq!(counts(&first), (4, 0, 0));
    assert_eq!(
        first
            .secrets
            .iter()
            .map(|(id, _)| id.as_str())
            .collect::<Vec<_>>(),
        ["made"]
    );
    assert!(lets_in(&ctx, "demo", "alice", "first").await);
    let before = testing::position(&ctx).await;
    let second = apply(&ctx, "demo", RealmSettings::default(), clients(), users())
        .await
        .unwrap();
    assert_eq!(counts(&second), (0, 0, 4));
    assert!(second.secrets.is_empty());
    assert_eq!(testing::position(&ctx).await, before);
}

#[tokio::test]
async fn what_differs_is_changed_and_what_the_file_leaves_out_stays() {
    let (ctx, _) = testing::context();
    apply(&ctx, "demo", RealmSettings::default(), clients(), users())
        .await
        .unwrap();
    let mut web = clients().remove(0);
    web.client_secret = Some("other".to_owned());
    let mut alice = users().remove(0);
    alice.roles = vec!["auditor".to_owned()];
    let settings = RealmSettings {
        display_name: Some("Demo".to_owned()),
        ..RealmSettings::default()
    };
    let applied = apply(&ctx, "demo", settings, vec![web], vec![alice])
        .await
        .unwrap();
    assert_eq!(counts(&applied), (0, 3, 0));
    let realm = find(&ctx, "demo").await.unwrap().unwrap();
    assert!(client::find(&ctx, &realm, "made").await.unwrap().is_some());
    assert!(clients::has_secret(
        &ctx,
        &realm,
        &client::find(&ctx, &realm, "web").await.unwrap().unwrap(),
        "other"
    ));
    assert_eq!(
        user::find(&ctx, &realm, "alice")
            .await
            .unwrap()
            .unwrap()
            .value
            .roles,
        ["auditor"]
    );
}

#[tokio::test]
async fn a_password_in_the_file_is_only_the_first() {
    let (ctx, _) = testing::context();
    let nobody_yet = vec![UserSettings {
        password: None,
        ..users().remove(0)
    }];
    apply(
        &ctx,
        "demo",
        RealmSettings::default(),
        Vec::new(),
        nobody_yet,
    )
    .await
    .unwrap();
    let given = apply(&ctx, "demo", RealmSettings::default(), Vec::new(), users())
        .await
        .unwrap();
    assert_eq!(counts(&given), (0, 1, 1));
    assert!(lets_in(&ctx, "demo", "alice", "first").await);

    let realm = find(&ctx, "demo").await.unwrap().unwrap();
    let alice = user::find(&ctx, &realm, "alice")
        .await
        .unwrap()
        .unwrap()
        .value;
    let own = Secret::new("her own".to_owned());
    users::set_password(&ctx, &realm, &Actor::system("test"), alice.id, own)
        .await
        .unwrap();
    let again = apply(&ctx, "demo", RealmSettings::default(), Vec::new(), users())
        .await
        .unwrap();
    assert_eq!(counts(&again), (0, 0, 2));
    assert!(lets_in(&ctx, "demo", "alice", "her own").await);
}

#[tokio::test]
async fn a_file_with_a_mistake_writes_nothing_and_names_every_mistake() {
    let (ctx, _) = testing::context();
    let mut twice = clients();
    twice.extend(clients());
    let nameless = vec![UserSettings::default()];
    let refused = apply(&ctx, "demo", RealmSettings::default(), twice, nameless)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, ApplyError::Invalid(all) if all.len() == 3),
        "{refused:?}"
    );
    assert!(find(&ctx, "demo").await.unwrap().is_none());
}

#[tokio::test]
async fn the_first_start_makes_an_administrator_and_the_second_does_not() {
    let (ctx, _) = testing::context();
    let password = bootstrap(&ctx, None).await.unwrap().unwrap();
    assert!(password.len() >= 20);
    assert!(lets_in(&ctx, MASTER, ADMIN, &password).await);
    let realm = find(&ctx, MASTER).await.unwrap().unwrap();
    let admin = user::find(&ctx, &realm, ADMIN)
        .await
        .unwrap()
        .unwrap()
        .value;
    assert_eq!(admin.roles, [SERVER_ADMIN]);
    let before = testing::position(&ctx).await;
    assert!(
        bootstrap(&ctx, Some(Secret::new("other".to_owned())))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(testing::position(&ctx).await, before);
    assert!(!lets_in(&ctx, MASTER, ADMIN, "other").await);
}

#[tokio::test]
async fn a_given_first_password_is_not_told_again() {
    let (ctx, _) = testing::context();
    assert!(
        bootstrap(&ctx, Some(Secret::new("given".to_owned())))
            .await
            .unwrap()
            .is_none()
    );
    assert!(lets_in(&ctx, MASTER, ADMIN, "given").await);
}

#[tokio::test]
async fn a_first_start_that_stopped_half_way_is_finished_by_the_next() {
    let (ctx, _) = testing::context();
    testing::realm(&ctx, MASTER).await;
    assert!(bootstrap(&ctx, None).await.unwrap().is_some());
}
