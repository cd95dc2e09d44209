//! The profile, and what a realm lets people change.

use super::*;

#[tokio::test]
async fn a_profile_is_changed_and_the_address_only_where_the_realm_allows_it() {
    let world = World::new().await;
    let mut here = world.signed_in("alice").await;
    let form = open(&mut here, "/profile").await;
    let fields = [
        ("name", "Alice <Adams>"),
        ("given_name", " Alice "),
        ("locale", "fr"),
        ("email", "new@example.com"),
        ("username", "root"),
        ("roles", "realm-admin"),
    ];
    let done = send(&mut here, "/profile", &form, &fields).await;
    let page = here.follow(done).await;
    assert!(page.has("profile-saved") && page.html.contains("Alice &#60;Adams&#62;"));
    let user = crate::domain::user::find(&world.ctx, &world.realm, "alice")
        .await
        .unwrap()
        .unwrap()
        .value;
    assert_eq!(
        (user.claim("given_name"), user.claim("locale")),
        (Some("Alice"), Some("fr"))
    );
    assert_eq!((user.claim("email"), user.roles.len()), (None, 0));
    let long = "x".repeat(201);
    let page = send(&mut here, "/profile", &form, &[("name", &long)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("name-problem") && page.has("profile-error"));

    let mut settings = world.realm.settings.clone();
    settings.account.edit_email = true;
    let actor = crate::domain::Actor::system("test");
    realm::verbs::update(&world.ctx, &actor, "demo", settings)
        .await
        .unwrap();
    let form = open(&mut here, "/profile").await;
    let page = send(&mut here, "/profile", &form, &[("email", "nonsense")]).await;
    assert!(page.has("email-problem"));
    send(
        &mut here,
        "/profile",
        &form,
        &[("email", "new@example.com")],
    )
    .await;
    let user = crate::domain::user::find(&world.ctx, &world.realm, "alice")
        .await
        .unwrap()
        .unwrap()
        .value;
    assert_eq!(user.claim("email"), Some("new@example.com"));
    assert_eq!(user.claims["email_verified"], false);
    assert_eq!(
        user.claim("name"),
        None,
        "an empty field takes the claim away"
    );
}

#[tokio::test]
async fn what_happened_is_told_in_the_words_of_whom_it_happened_to() {
    let world = World::new().await;
    let (mut here, there, _bob) = people(&world).await;
    world
        .cut(
            crate::domain::signout::Selection::Sessions(vec![there.sid()]),
            None,
        )
        .await;
    let form = open(&mut here, "/profile").await;
    send(&mut here, "/profile", &form, &[("name", "Alice")]).await;
    let mut guest = world.browser();
    let page = guest.get("/realms/demo/login").await;
    guest.fill(&page, "Alice", "wrong").await;
    // Written beside the answer.
    let failed = async || {
        let newest = audit::newest(&world.ctx, world.realm.id, 5).await.unwrap();
        newest
            .iter()
            .any(|record| record.action == "sign_in.failed")
    };
    for _ in 0..1000 {
        if failed().await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let page = open(&mut here, "/activity").await;
    for text in [
        "Somebody tried to sign in with a wrong password",
        "Signed in",
        "An administrator signed you out",
        "You changed your profile",
        "Your account was created",
    ] {
        assert!(page.html.contains(text), "{text}");
    }
}
