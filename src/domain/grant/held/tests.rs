//! What apps hold of somebody, and that taking it back ends it and nothing else.

use super::super::consent;
use super::*;
use crate::domain::testing;
use crate::domain::time::Span;

#[tokio::test]
async fn what_is_taken_back_is_over_and_nothing_else_is() {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let (files, notes) = (
        testing::client(&ctx, &realm, "files").await,
        testing::client(&ctx, &realm, "notes").await,
    );
    let (anna, bob) = (
        testing::user(&ctx, &realm, "anna").await,
        testing::user(&ctx, &realm, "bob").await,
    );
    let sid = testing::session(&ctx, &realm, anna.id).await;
    let bobs = testing::session(&ctx, &realm, bob.id).await;
    let offline = testing::grant(&ctx, &realm, &files, sid, "openid offline_access").await;
    let online = testing::grant(&ctx, &realm, &files, sid, "openid profile").await;
    let other = testing::grant(&ctx, &realm, &notes, sid, "openid").await;
    let of_bob = testing::grant(&ctx, &realm, &files, bobs, "openid offline_access").await;
    for who in [anna.id, bob.id] {
        consent::allow(&ctx, &realm, &files, who, "openid email")
            .await
            .unwrap();
    }
    let (held, complete) = of_user(&ctx, &realm, anna.id).await.unwrap();
    assert!(complete);
    let ids: Vec<_> = held.iter().map(|one| one.client_id.as_str()).collect();
    assert_eq!(ids, ["files", "notes"]);
    assert_eq!((held[0].grants.len(), held[0].offline()), (2, 1));
    assert_eq!(
        held[0].scopes(),
        ["email", "openid", "profile", "offline_access"]
    );

    let actor = Actor::system("test");
    let of = (files.id, "files");
    let act = take_back(&ctx, &realm, &actor, &anna, of).await.unwrap();
    assert_eq!((act.sessions, act.families, act.offline), (0, 2, 1));
    assert_eq!(act.reason, Reason::AccessRemoved);
    for (family, client, lives) in [
        (&offline, &files, false),
        (&online, &files, false),
        (&other, &notes, true),
        (&of_bob, &files, true),
    ] {
        let verdict = denial::family(&ctx, &realm, client, family.id).await;
        assert_eq!(verdict.unwrap().is_ok(), lives, "{}", family.grant.scope);
    }
    assert!(denial::session(&ctx, &realm, sid).await.unwrap().is_ok());
    let (held, _) = of_user(&ctx, &realm, anna.id).await.unwrap();
    assert_eq!(held.len(), 1);
    assert!(
        consent::needed(&ctx, &realm, &files, anna.id, "openid", true)
            .await
            .unwrap()
    );
    let (held, _) = of_user(&ctx, &realm, bob.id).await.unwrap();
    assert!(held[0].consent.is_some());
    // Whoever signs in to it again grants anew.
    clock.advance(Span::secs(1));
    let again = testing::grant(&ctx, &realm, &files, sid, "openid").await;
    let verdict = denial::family(&ctx, &realm, &files, again.id).await;
    assert!(verdict.unwrap().is_ok());
}

#[tokio::test]
async fn more_than_fits_into_one_commit_is_taken_back_as_well() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let files = testing::client(&ctx, &realm, "files").await;
    let notes = testing::client(&ctx, &realm, "notes").await;
    let anna = testing::user(&ctx, &realm, "anna").await;
    let sid = testing::session(&ctx, &realm, anna.id).await;
    for _ in 0..300 {
        testing::grant(&ctx, &realm, &files, sid, "openid offline_access").await;
    }
    testing::grant(&ctx, &realm, &notes, sid, "openid").await;
    let of = (files.id, "files");
    take_back(&ctx, &realm, &Actor::system("test"), &anna, of)
        .await
        .unwrap();
    let (held, _) = of_user(&ctx, &realm, anna.id).await.unwrap();
    let ids: Vec<_> = held.iter().map(|one| one.client_id.as_str()).collect();
    assert_eq!(ids, ["notes"]);
}
