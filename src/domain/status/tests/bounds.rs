//! What the bound on a plan and on a receipt says, for what the APIs of a client check.

use super::*;

/// What bounds an app: the token has five minutes, the list half a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bounded {
    Not,
    ByTheList,
    ByExpiry,
}

async fn bounds(
    place: &Place,
    more: impl FnOnce(&mut ClientSettings),
    scope: &str,
    act: impl AsyncFnOnce(&Place, Sid, FamilyId) -> crate::domain::id::SignOutId,
) -> (Bounded, Bounded) {
    let (sid, _) = place.session().await;
    let client = place.client(more).await;
    let family = place.family(&client, sid, scope).await;
    place.clock.advance(Span::secs(10));
    let now = place.ctx.now();
    let request = Request::new(
        Selection::Sessions(vec![sid.to_string()]),
        Reason::Admin,
        Actor::system("test"),
    );
    let plan = signout::plan(&place.ctx, &place.realm, &request)
        .await
        .unwrap();
    let bounded = |apps: &[signout::receipt::App]| match apps[0]
        .bound_until
        .map(|at| at.since(now).whole_secs())
    {
        None => Bounded::Not,
        Some(..=100) => Bounded::ByTheList,
        Some(_) => Bounded::ByExpiry,
    };
    let planned = bounded(&plan.apps);
    let id = act(place, sid, family.id).await;
    let receipt = signout::receipt::read(&place.ctx, &place.realm, id)
        .await
        .unwrap()
        .unwrap();
    (planned, bounded(&receipt.apps))
}

async fn admin(place: &Place, sid: Sid, _: FamilyId) -> crate::domain::id::SignOutId {
    place
        .end(Selection::Sessions(vec![sid.to_string()]), Reason::Admin)
        .await
        .id
}

async fn reuse(place: &Place, _: Sid, family: FamilyId) -> crate::domain::id::SignOutId {
    let actor = Actor::system("test");
    signout::family::end(
        &place.ctx,
        &place.realm,
        family,
        Reason::RefreshReuse,
        actor,
    )
    .await
    .unwrap()
    .unwrap()
    .id
}

#[tokio::test]
async fn the_bound_is_what_the_apis_of_a_client_check() {
    type Change = fn(&mut ClientSettings);
    let nothing: Change = |_| {};
    let listed: Change = |s| s.access_token_revocation_check = RevocationCheck::StatusList;
    let asks: Change = |s| s.access_token_revocation_check = RevocationCheck::Introspection;
    let opaque: Change = |s| s.access_token_format = Some(AccessTokenFormat::Opaque);
    for (what, change, bound) in [
        ("expiry alone", nothing, Bounded::ByExpiry),
        ("the status list", listed, Bounded::ByTheList),
        ("introspection", asks, Bounded::Not),
        ("opaque tokens", opaque, Bounded::Not),
    ] {
        let place = place().await;
        let found = bounds(&place, change, "openid", admin).await;
        assert_eq!(found, (bound, bound), "{what}");
    }
    // The list does not show that one grant of a session that goes on is over, unless it has a place of its own.
    let place = self::place().await;
    let (_, family) = bounds(&place, listed, "openid", reuse).await;
    assert_eq!(family, Bounded::ByExpiry);
    let place = self::place().await;
    let (_, offline) = bounds(&place, listed, "openid offline_access", reuse).await;
    assert_eq!(offline, Bounded::ByTheList);
}

#[tokio::test]
async fn a_token_that_names_no_list_is_bounded_by_its_own_end_whatever_the_apis_check() {
    let place = place().await;
    let mut off = (*place.realm).clone();
    off.settings.tokens.status_list_ttl = Span::ZERO;
    let family = |realm: &Realm, client: &Client| {
        let grant = Grant {
            client: ClientId(place.ctx.new_id()),
            client_id: String::new(),
            client_name: String::new(),
            user: place.alice.id,
            username: String::new(),
            sid: Sid(place.ctx.new_id()),
            session_started_at: Timestamp(0),
            scope: String::new(),
            resources: Vec::new(),
            auth_time: Timestamp(0),
            amr: Vec::new(),
            acr: String::new(),
            nonce: None,
            claims: None,
        };
        let status = Some(Index { list: 0, idx: 1 });
        code::family_of(&place.ctx, realm, client, (&grant, status), place.ctx.now())
    };
    let client = place
        .client(|s| s.access_token_revocation_check = RevocationCheck::StatusList)
        .await;
    let mut family = family(&off, &client);
    assert_eq!(family.listed(), None);
    place.clock.advance(Span::secs(10));
    // Switched on meanwhile: the earlier token still names none.
    family.issues(&place.realm, &client, place.ctx.now());
    assert!(family.listed().is_some());
    let now = place.ctx.now();
    let until = signout::write::bound(&place.realm, Some(&client), family.held, now);
    assert_eq!(until, family.held.unlisted);
    assert!(family.held.unlisted < family.held.listed);
    let listed = signout::write::bound(
        &place.realm,
        Some(&client),
        crate::domain::grant::Held {
            unlisted: Timestamp(0),
            ..family.held
        },
        now,
    );
    assert_eq!(listed.since(now), Span::secs(35));
}
