//! Who hears of what.

use super::*;
use crate::domain::realm;
use crate::domain::ssf::subjects::{self, Simple, Subject};
use crate::domain::user::verbs as users;

async fn list(house: &House, stream: &Stream, subject: Subject, included: bool) {
    subjects::list(&house.ctx, &house.realm, stream, &subject, included)
        .await
        .unwrap();
}

fn iss_sub(user: &User) -> Subject {
    Subject::Simple(Simple::IssSub {
        iss: "http://localhost:8080/realms/demo".to_owned(),
        sub: user.id.to_string(),
    })
}

#[tokio::test]
async fn a_receiver_hears_of_sessions_it_took_part_in_and_of_no_other() {
    let house = house().await;
    let other = house.client("other", SsfSubjects::Own).await;
    let siem = house.client("siem", SsfSubjects::All).await;
    let of_app = house.stream(&house.app, polling()).await;
    let of_other = house.stream(&other, polling()).await;
    let of_siem = house.stream(&siem, polling()).await;
    let both = house.session(house.ann.id, &[&house.app, &other]).await;
    let one = house.session(house.bob.id, &[&house.app]).await;
    let none = house.session(house.bob.id, &[]).await;
    house.end(&[both, one, none]).await;
    let sids = async |stream: &Stream| {
        let mut sids: Vec<String> = Vec::new();
        for set in house.waiting(stream).await {
            sids.push(set["sub_id"]["session"]["id"].as_str().unwrap().to_owned());
        }
        sids
    };
    let texts = |sids: &[Sid]| sids.iter().map(Sid::to_string).collect::<Vec<_>>();
    assert_eq!(sids(&of_app).await, texts(&[both, one]));
    assert_eq!(sids(&of_other).await, texts(&[both]));
    assert_eq!(sids(&of_siem).await, texts(&[both, one, none]));
    let all = house.waiting(&of_siem).await;
    assert!(all.iter().all(|set| set["txn"] == all[0]["txn"]));
    let ids: std::collections::HashSet<_> = all.iter().map(|s| s["jti"].to_string()).collect();
    assert_eq!(ids.len(), 3, "each has an id of its own");
}

#[tokio::test]
async fn a_removed_subject_is_not_heard_of_and_an_added_one_is() {
    let house = house().await;
    let stream = house.stream(&house.app, polling()).await;
    let ended = async |user: &User, clients: &[&Client]| {
        let before = house.types(&stream).await.len();
        let sid = house.session(user.id, clients).await;
        house.end(&[sid]).await;
        house.types(&stream).await.len() > before
    };
    let with: &[&Client] = &[&house.app];
    assert!(ended(&house.ann, with).await);
    assert!(!ended(&house.bob, &[]).await);
    list(&house, &stream, iss_sub(&house.ann), false).await;
    assert!(!ended(&house.ann, with).await);
    let by_email = |user: &User| {
        Subject::Simple(Simple::Email(format!(
            "{}@Example.com",
            user.username.to_uppercase()
        )))
    };
    house.clock.advance(Span::secs(1));
    list(&house, &stream, by_email(&house.ann), true).await;
    assert!(ended(&house.ann, with).await, "the newest word counts");
    list(&house, &stream, by_email(&house.bob), true).await;
    assert!(ended(&house.bob, &[]).await);
    // Somebody else's subject of the same name.
    let elsewhere = Subject::Simple(Simple::IssSub {
        iss: "https://elsewhere.example".to_owned(),
        sub: house.bob.id.to_string(),
    });
    house.clock.advance(Span::secs(1));
    list(&house, &stream, elsewhere, false).await;
    assert!(ended(&house.bob, &[]).await);
    assert_eq!(house.marks(&stream).await.subjects, 4);
    let forgotten = list(&house, &stream, by_email(&house.bob), false);
    forgotten.await;
    assert_eq!(house.marks(&stream).await.subjects, 4, "named before");
    assert!(!ended(&house.bob, &[]).await);
}

#[tokio::test]
async fn one_session_may_be_taken_off_a_stream() {
    let house = house().await;
    let stream = house.stream(&house.app, polling()).await;
    let (quiet, told) = (
        house.session(house.ann.id, &[&house.app]).await,
        house.session(house.ann.id, &[&house.app]).await,
    );
    let subject = Subject::Complex {
        user: Some(Simple::Opaque(house.ann.id.to_string())),
        session: Some(Simple::Opaque(quiet.to_string())),
        tenant: Some(Simple::Opaque("demo".to_owned())),
    };
    list(&house, &stream, subject.clone(), false).await;
    house.end(&[quiet, told]).await;
    let heard = house.waiting(&stream).await;
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0]["sub_id"]["session"]["id"], told.to_string());
}

#[tokio::test]
async fn what_happens_to_an_account_is_told_in_the_commit_that_does_it() {
    let house = house().await;
    let (ctx, realm) = (&house.ctx, &house.realm);
    let stream = house.stream(&house.app, polling()).await;
    let stranger = house.client("stranger", SsfSubjects::Own).await;
    let of_stranger = house.stream(&stranger, polling()).await;
    house.session(house.ann.id, &[&house.app]).await;
    let ack_all = async || {
        let polled = house.poll(&stream, Poll::default()).await;
        let ack = Poll {
            ack: polled.sets.iter().map(|(id, _)| *id).collect(),
            ..Poll::default()
        };
        house.poll(&stream, ack).await;
        polled
            .sets
            .iter()
            .map(|(_, set)| claims(set))
            .collect::<Vec<_>>()
    };
    let settings = |enabled: bool, name: &str, roles: &[&str]| UserSettings {
        username: "ann".to_owned(),
        enabled,
        roles: roles.iter().map(|r| (*r).to_owned()).collect(),
        claims: json!({ "email": name, "nickname": "An" })
            .as_object()
            .cloned()
            .unwrap(),
        ..UserSettings::default()
    };
    let id = house.ann.id;
    // Claims and roles; the nickname is not in this client's tokens.
    let wanted = settings(true, "ann@new.example", &["reader"]);
    users::update(ctx, realm, &admin(), id, wanted.clone())
        .await
        .unwrap();
    let told = ack_all().await;
    assert_eq!(told.len(), 1);
    assert_eq!(kind(&told[0]), "token-claims-change");
    assert_eq!(
        payload(&told[0])["claims"],
        json!({ "email": "ann@new.example", "roles": ["reader"] })
    );
    assert_eq!(
        told[0]["sub_id"],
        json!({ "format": "iss_sub", "iss": "http://localhost:8080/realms/demo", "sub": id.to_string() })
    );
    users::update(ctx, realm, &admin(), id, wanted)
        .await
        .unwrap();
    assert!(ack_all().await.is_empty(), "nothing changed");
    // A password: the credential first, then what ended by it, under one txn.
    let act = users::set_password(ctx, realm, &admin(), id, Secret::new("new-password".into()))
        .await
        .unwrap();
    let told = ack_all().await;
    let kinds: Vec<_> = told.iter().map(kind).collect();
    assert_eq!(kinds, ["credential-change", "session-revoked"]);
    assert_eq!(payload(&told[0])["credential_type"], "password");
    assert_eq!(payload(&told[0])["change_type"], "update");
    assert!(told.iter().all(|set| set["txn"] == act.id.to_string()));
    for set in &told {
        let words = payload(set)["reason_admin"]["en"].as_str().unwrap();
        assert!(!words.is_empty());
    }
    // Disabled, enabled, deleted: also when no session is left.
    users::update(
        ctx,
        realm,
        &admin(),
        id,
        settings(false, "ann@new.example", &["reader"]),
    )
    .await
    .unwrap();
    users::update(
        ctx,
        realm,
        &admin(),
        id,
        settings(true, "ann@new.example", &["reader"]),
    )
    .await
    .unwrap();
    users::delete(ctx, realm, &admin(), id).await.unwrap();
    let kinds: Vec<_> = ack_all().await.iter().map(kind).collect();
    assert_eq!(
        kinds,
        ["account-disabled", "account-enabled", "account-purged"]
    );
    assert!(
        house.waiting(&of_stranger).await.is_empty(),
        "ann never used it"
    );
}

#[tokio::test]
async fn only_what_was_asked_for_is_told_and_nothing_when_it_is_off() {
    let house = house().await;
    let (ctx, realm) = (&house.ctx, &house.realm);
    let purged = EventType::AccountPurged.uri().to_owned();
    let asked = Settings {
        events_requested: Some(vec![purged, "https://other.example/unknown".to_owned()]),
        ..polling()
    };
    let stream = house.stream(&house.app, asked).await;
    assert_eq!(stream.events_delivered(), [EventType::AccountPurged]);
    house.session(house.ann.id, &[&house.app]).await;
    house.session(house.bob.id, &[&house.app]).await;
    users::delete(ctx, realm, &admin(), house.ann.id)
        .await
        .unwrap();
    assert_eq!(house.types(&stream).await, ["account-purged"]);
    let mut settings = realm.settings.clone();
    settings.shared_signals.enabled = false;
    let off = realm::verbs::update(ctx, &admin(), "demo", settings)
        .await
        .unwrap()
        .realm;
    users::delete(ctx, &off, &admin(), house.bob.id)
        .await
        .unwrap();
    assert_eq!(house.types(&stream).await, ["account-purged"]);
}

#[tokio::test]
async fn a_large_act_tells_each_receiver_once_a_session() {
    let house = house().await;
    let siem = house.client("siem", SsfSubjects::All).await;
    let of_app = house.stream(&house.app, polling()).await;
    let of_siem = house.stream(&siem, polling()).await;
    for number in 0..60 {
        let clients: &[&Client] = if number % 2 == 0 { &[&house.app] } else { &[] };
        house.session(house.ann.id, clients).await;
    }
    let request = Request::new(Selection::All, Reason::RealmDisabled, admin());
    let act = signout::end(&house.ctx, &house.realm, &request)
        .await
        .unwrap();
    assert_eq!(act.sessions, 60);
    let count = async |stream: &Stream| {
        let id = house.realm_id();
        bounds::count(&house.ctx, id, stream.id).await.unwrap()
    };
    assert_eq!(count(&of_app).await, (30, true));
    assert_eq!(count(&of_siem).await, (60, true));
}
