//! What is ended, what stays, and what is put on record.

use super::*;

#[tokio::test]
async fn one_device_is_signed_out_and_this_one_stays() {
    let world = World::new().await;
    let (mut here, mut there, bob) = people(&world).await;
    // An app takes part once it has its tokens.
    let code = there.get(&auth("web", "")).await.sent()["code"].clone();
    world.redeem("web", &code).await.unwrap();
    let at = format!("/sessions/{}/sign-out", there.sid());
    let page = open(&mut here, &at).await;
    assert!(
        page.has("effects") && page.html.contains("The web app"),
        "{}",
        page.html
    );
    assert!(!page.has("password"), "one device takes no password");
    let done = send(&mut here, &at, &page, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(!world.is_good(&there.sid()).await);
    assert!(world.is_good(&here.sid()).await && world.is_good(&bob.sid()).await);
    let page = here.follow(done).await;
    assert!(
        page.html.contains("id=\"done-sessions\">1<"),
        "{}",
        page.html
    );
    assert!(page.html.contains("The web app") && !page.has("now-password"));
    // Gone from the list, and among what ended.
    let page = open(&mut here, "/sessions").await;
    assert!(
        !page.html.contains(&there.sid())
            && page.has("ended-list")
            && page.html.contains("You signed out")
    );
    let over = there.get(&format!("{ROOT}/sessions")).await;
    assert!(there.follow(over).await.has("login-form"));
}

#[tokio::test]
async fn a_receipt_is_shown_to_whose_it_is() {
    let world = World::new().await;
    let (mut here, there, mut bob) = people(&world).await;
    let at = format!("/sessions/{}/sign-out", there.sid());
    let page = open(&mut here, &at).await;
    let done = send(&mut here, &at, &page, &[]).await.location().unwrap();
    bob.get(&done)
        .await
        .assert_error(StatusCode::NOT_FOUND, "not_found");
    let act = world
        .cut(
            crate::domain::signout::Selection::Sessions(vec![bob.sid()]),
            None,
        )
        .await;
    let page = here.get(&format!("{ROOT}/done/{}", act.id)).await;
    page.assert_error(StatusCode::NOT_FOUND, "not_found");
}

#[tokio::test]
async fn everywhere_else_keeps_this_one_and_what_apps_may_do_meanwhile() {
    let world = World::new().await;
    let (mut here, mut there, bob) = people(&world).await;
    let offline = auth("web", "").replace("scope=openid+profile", "scope=openid+offline_access");
    let code = there.get(&offline).await.sent()["code"].clone();
    let (family, _) = world.tokens("web", &code).await;
    assert!(family.offline);
    world.clock.advance(Span::mins(20));
    let page = open(&mut here, "/sign-out-others").await;
    assert!(page.has("password") && page.has("away"), "{}", page.html);
    let refused = send(
        &mut here,
        "/sign-out-others",
        &page,
        &[("password", "wrong")],
    )
    .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.has("act-error") && refused.html.contains("<title>Error: "));
    assert!(world.is_good(&there.sid()).await);
    let right = [("password", "alice-password")];
    let done = send(&mut here, "/sign-out-others", &page, &right).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.html);
    assert!(!world.is_good(&there.sid()).await);
    assert!(world.is_good(&here.sid()).await && world.is_good(&bob.sid()).await);
    assert!(
        lives(&world, "web", &family).await,
        "an offline grant stays"
    );
    // The password was given a moment ago.
    let third = world.signed_in("alice").await;
    let page = open(&mut here, "/sign-out-others").await;
    assert!(!page.has("password"));
    let done = send(&mut here, "/sign-out-others", &page, &[("away", "1")]).await;
    let page = here.follow(done).await;
    assert!(page.has("done-grants") && world.is_good(&here.sid()).await);
    assert!(!world.is_good(&third.sid()).await && !lives(&world, "web", &family).await);
    // Nobody else is left.
    let page = open(&mut here, "/sign-out-others").await;
    assert!(!page.has("act-form"));
    let form = open(&mut here, "/security").await;
    let done = send(&mut here, "/sign-out-others", &form, &[]).await;
    assert_eq!(
        done.location().as_deref(),
        Some("/realms/demo/account/sessions")
    );
}

#[tokio::test]
async fn what_somebody_does_not_recognise_ends_whole_and_is_on_record() {
    let world = World::new().await;
    let (mut here, mut there, _bob) = people(&world).await;
    let offline = auth("web", "").replace("scope=openid+profile", "scope=openid+offline_access");
    let code = there.get(&offline).await.sent()["code"].clone();
    let (family, _) = world.tokens("web", &code).await;
    let at = format!("/sessions/{}/not-mine", there.sid());
    let page = open(&mut here, &at).await;
    assert!(page.html.contains("Your administrators are told."));
    let done = send(&mut here, &at, &page, &[]).await;
    let page = here.follow(done).await;
    assert!(page.has("now-password") && page.html.contains("/account/security"));
    assert!(!world.is_good(&there.sid()).await && !lives(&world, "web", &family).await);
    assert!(world.is_good(&here.sid()).await);
    let newest = audit::newest(&world.ctx, world.realm.id, 20).await.unwrap();
    let record = newest
        .iter()
        .find(|r| r.action == "session.not_recognised")
        .unwrap();
    assert!(record.detail.as_ref().unwrap().contains(&there.sid()));
    let page = open(&mut here, "/activity").await;
    assert!(
        page.html.contains("You did not recognise a sign-in"),
        "{}",
        page.html
    );
}

#[tokio::test]
async fn a_new_password_takes_the_old_one_and_ends_the_others() {
    let world = World::new().await;
    let (mut here, there, _bob) = people(&world).await;
    let form = open(&mut here, "/security").await;
    assert!(form.html.contains("At least 8 characters") && !form.html.contains("name=\"others\""));
    for (current, new, id) in [
        ("wrong", "a-new-password", "current-problem"),
        ("alice-password", "short", "new-problem"),
        ("alice-password", "alice-password", "new-problem"),
    ] {
        let page = send(
            &mut here,
            "/security",
            &form,
            &[("current", current), ("new", new)],
        )
        .await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            page.has(id) && page.has("password-error"),
            "{new}: {}",
            page.html
        );
    }
    assert!(world.is_good(&there.sid()).await);
    assert!(form.html.contains("All your other sessions end"));
    // Whatever the form says of them, and whether it says anything.
    let fields = [("current", "alice-password"), ("new", "another-new-one")];
    let done = send(&mut here, "/security", &form, &fields).await;
    let page = here.follow(done).await;
    assert!(
        page.has("password-changed") && page.html.contains("id=\"done-sessions\">1<"),
        "{}",
        page.html
    );
    assert!(!world.is_good(&there.sid()).await && world.is_good(&here.sid()).await);
    let mut fresh = world.browser();
    let page = fresh.get(&auth("web", "")).await;
    let form = fresh.follow(page).await;
    assert!(
        fresh
            .fill(&form, "alice", "another-new-one")
            .await
            .sent()
            .contains_key("code")
    );
}

#[tokio::test]
async fn an_app_loses_its_access_and_has_to_ask_again() {
    let world = World::new().await;
    let mut here = world.signed_in("alice").await;
    let wanted = auth("ask", "").replace("scope=openid+profile", "scope=openid+offline_access");
    let page = here.get(&wanted).await;
    let page = here.follow(page).await;
    let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
    let yes = [
        ("csrf", &*csrf),
        ("interaction", &*interaction),
        ("decision", "allow"),
    ];
    let code = here.post("/realms/demo/consent", &yes).await.sent()["code"].clone();
    let (family, _) = world.tokens("ask", &code).await;
    assert!(
        here.get(&wanted).await.sent().contains_key("code"),
        "asked once"
    );
    let page = open(&mut here, "/apps").await;
    assert!(
        page.html.contains("data-client-id=\"ask\"")
            && page.html.contains("Goes on while you are away")
    );
    let remove = tags(&page.html)
        .filter(|tag| tag.contains("data-act=\"remove\""))
        .filter_map(|tag| attribute(tag, "href"))
        .find(|href| {
            href.contains(&world.realm.name) && href.contains(&family.grant.client.to_string())
        })
        .unwrap()
        .to_owned();
    let at = remove.strip_prefix(ROOT).unwrap().to_owned();
    let mut bob = world.signed_in("bob").await;
    bob.get(&remove)
        .await
        .assert_error(StatusCode::NOT_FOUND, "not_found");
    let page = open(&mut here, &at).await;
    let done = send(&mut here, &at, &page, &[]).await;
    assert!(here.follow(done).await.has("done"));
    assert!(!lives(&world, "ask", &family).await);
    assert!(world.is_good(&here.sid()).await);
    let page = here.get(&wanted).await;
    assert!(here.follow(page).await.has("consent-form"));
    let page = open(&mut here, "/apps").await;
    assert!(!page.html.contains("data-client-id=\"ask\""));
}
