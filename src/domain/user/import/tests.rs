//! People brought in: all of them, once, whatever breaks off; and nobody by whom they may not be.

use std::sync::Arc;

use serde_json::json;

use super::check::{Checked, Problems, check};
use super::keep::{self, KeepError, Plan, begin, discard, keep as put_aside};
use super::work::{Step, resume, step};
use super::*;
use crate::crypto::{PasswordCost, Passwords, Secret};
use crate::domain::id::RealmId;
use crate::domain::realm::Realm;
use crate::domain::time::Span;
use crate::domain::user::{self, authenticate, find};
use crate::domain::walk::Walk;
use crate::domain::{ActorKind, Context, audit, denial, key, testing};

const ALL: Reach = Reach {
    realm: true,
    server: true,
};

fn admin() -> Actor {
    Actor {
        kind: ActorKind::Admin,
        id: "ops".to_owned(),
        realm: "demo".to_owned(),
        ..Actor::system("test")
    }
}

fn row(at: u64, username: &str) -> Row {
    Row {
        at,
        id: None,
        settings: UserSettings {
            username: username.to_owned(),
            ..UserSettings::default()
        },
        says_enabled: false,
        says_roles: false,
    }
}

fn rows(count: u64) -> Vec<Row> {
    (1..=count)
        .map(|n| row(n, &format!("many-{n:04}")))
        .collect()
}

async fn checked(
    ctx: &Context,
    realm: &Realm,
    rows: Vec<Row>,
    how: (IfExists, Reach),
) -> Result<Checked, Problems> {
    check(ctx, realm, rows, Problems::default(), how)
        .await
        .unwrap()
}

async fn started(ctx: &Context, realm: &Realm, rows: Vec<Row>, if_exists: IfExists) -> Import {
    let checked = checked(ctx, realm, rows, (if_exists, ALL)).await.unwrap();
    let plan = Plan {
        if_exists,
        reach: ALL,
        ..Plan::default()
    };
    put_aside(ctx, realm, &admin(), checked, (plan, true))
        .await
        .unwrap()
}

async fn now(ctx: &Context, realm: &Realm, import: &Import) -> Import {
    show::find(ctx, realm, import.id).await.unwrap().unwrap()
}

async fn left(ctx: &Context, realm: RealmId, id: ImportId) -> usize {
    let range = key::rows_of_import(realm, id);
    Walk::keys(ctx, range).count(usize::MAX).await.unwrap()
}

#[tokio::test]
async fn whoever_goes_on_anywhere_writes_everybody_once() {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let import = started(&ctx, &realm, rows(130), IfExists::Skip).await;
    // A few steps, then the node is gone; another one waits until its time is over and goes on.
    for _ in 0..2 {
        assert_eq!(step(&ctx, &realm, import.id).await.unwrap(), Step::More);
    }
    let half = now(&ctx, &realm, &import).await;
    assert!((1..130).contains(&half.counts.created), "{half:?}");
    assert_eq!(
        user::count(&ctx, &realm, "many-").await.unwrap(),
        half.counts.created
    );
    let other = testing::node(&ctx, "other", ctx.wire.clone());
    assert_eq!(
        step(&other, &realm, import.id).await.unwrap(),
        Step::Elsewhere
    );
    clock.advance(Span::secs(16));
    // Both at once: whoever is outrun wrote nothing.
    let (one, two) = tokio::join!(resume(&other), resume(&ctx));
    one.unwrap();
    two.unwrap();
    clock.advance(Span::secs(16));
    resume(&other).await.unwrap();
    let done = now(&ctx, &realm, &import).await;
    assert_eq!(
        (done.state, done.counts.created, done.counts.done()),
        (State::Done, 130, 130)
    );
    assert_eq!(user::count(&ctx, &realm, "many-").await.unwrap(), 130);
    assert_eq!(left(&ctx, realm.id, import.id).await, 0);
    let log = audit::newest(&ctx, realm.id, 500).await.unwrap();
    let of = |action: &str| log.iter().filter(|r| r.action == action).count();
    assert_eq!(
        (of("user.create"), of("users.import"), of("users.imported")),
        (130, 1, 1)
    );
    let last = log.iter().find(|r| r.action == "users.imported").unwrap();
    assert_eq!(
        last.detail.as_deref(),
        Some("created 130, updated 0, skipped 0, failed 0")
    );
    assert_eq!(last.actor.id, "ops");
}

#[tokio::test]
async fn passwords_of_elsewhere_and_plain_ones_open_the_door_and_lie_sealed_until_then() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let hash = Passwords::new(PasswordCost::test(), 1, 4)
        .hash(Secret::new("from before".to_owned()))
        .await
        .unwrap();
    let mut file = vec![row(1, "anna"), row(2, "bert")];
    file[0].settings.password_hash = Some(hash.clone());
    file[1].settings.password = Some("plain and typed".to_owned());
    let id = UserId(uuid::Uuid::from_u128(7));
    file[0].id = Some(id);
    let import = started(&ctx, &realm, file, IfExists::Skip).await;
    let mut walk = Walk::records(&ctx, key::rows_of_import(realm.id, import.id));
    for record in walk.next().await.unwrap().unwrap() {
        let kept = String::from_utf8_lossy(&record.value).into_owned();
        assert!(
            !kept.contains("argon2") && !kept.contains("plain and"),
            "{kept}"
        );
    }
    resume(&ctx).await.unwrap();
    let anna = find(&ctx, &realm, "anna").await.unwrap().unwrap().value;
    assert_eq!(anna.id, id, "the id of elsewhere is kept");
    for (who, password) in [("anna", "from before"), ("bert", "plain and typed")] {
        let password = Secret::new(password.to_owned());
        let found = authenticate(&ctx, &realm, who, password).await;
        assert!(found.unwrap().is_ok(), "{who}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_place_and_counted() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    testing::user(&ctx, &realm, "there").await;
    let mut file = vec![
        row(2, " x"),
        row(3, "Anna"),
        row(4, "anna"),
        row(5, "there"),
    ];
    file[1].settings.password_hash = Some("md5".to_owned());
    file[1].settings.claims.insert("sub".to_owned(), json!("1"));
    let problems = checked(&ctx, &realm, file, (IfExists::Fail, ALL))
        .await
        .unwrap_err();
    let found: Vec<(u64, &str)> = problems
        .shown
        .iter()
        .map(|p| (p.at, p.field.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (2, "username"),
            (3, "password_hash"),
            (3, "claims"),
            (4, "username"),
            (5, "username")
        ]
    );
    let many: Vec<Row> = (0..500).map(|n| row(n + 1, "same")).collect();
    let problems = checked(&ctx, &realm, many, (IfExists::Skip, ALL))
        .await
        .unwrap_err();
    assert_eq!((problems.count, problems.shown.len()), (499, MOST_SHOWN));
    let problems = checked(&ctx, &realm, Vec::new(), (IfExists::Skip, ALL))
        .await
        .unwrap_err();
    assert_eq!(problems.shown[0].at, 0);
}

#[tokio::test]
async fn an_update_takes_over_what_is_said_and_ends_what_has_to_end() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let mut settings = row(0, "anna").settings;
    settings.roles = vec!["staff".to_owned()];
    settings.enabled = false;
    settings
        .claims
        .insert("department".to_owned(), json!("Sales"));
    let anna = user::verbs::create(&ctx, &realm, &admin(), settings)
        .await
        .unwrap();
    let bert = testing::user(&ctx, &realm, "bert").await;
    let cleo = testing::user(&ctx, &realm, "cleo").await;
    let (of_bert, of_cleo) = (
        testing::session(&ctx, &realm, bert.id).await,
        testing::session(&ctx, &realm, cleo.id).await,
    );
    let mut file = vec![
        row(1, "anna"),
        row(2, "bert"),
        row(3, "cleo"),
        row(4, "new"),
    ];
    file[0]
        .settings
        .claims
        .insert("email".to_owned(), json!("a@x.example"));
    file[1].settings.enabled = false;
    file[1].says_enabled = true;
    let import = started(&ctx, &realm, file, IfExists::Update).await;
    resume(&ctx).await.unwrap();
    let done = now(&ctx, &realm, &import).await;
    assert_eq!(
        (done.counts.updated, done.counts.created, done.counts.failed),
        (3, 1, 0)
    );
    let anna = user::by_id(&ctx, &realm, anna.id)
        .await
        .unwrap()
        .unwrap()
        .value;
    assert!(!anna.enabled, "a file that does not say it enables nobody");
    assert_eq!(
        (anna.roles.as_slice(), anna.claim("department")),
        (&["staff".to_owned()][..], Some("Sales"))
    );
    assert_eq!(anna.claim("email"), Some("a@x.example"));
    let good = async |sid| denial::session(&ctx, &realm, sid).await.unwrap().is_ok();
    assert!(!good(of_bert).await, "disabled, and still signed in");
    assert!(good(of_cleo).await, "nothing changed, and signed out");
}

#[tokio::test]
async fn a_password_ends_sessions_once_and_the_same_one_again_does_not() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let anna = testing::user(&ctx, &realm, "anna").await;
    let file = || {
        let mut file = vec![row(1, "anna")];
        file[0].settings.password = Some("a new one".to_owned());
        file
    };
    let before = testing::session(&ctx, &realm, anna.id).await;
    started(&ctx, &realm, file(), IfExists::Update).await;
    resume(&ctx).await.unwrap();
    assert!(
        denial::session(&ctx, &realm, before)
            .await
            .unwrap()
            .is_err()
    );
    let after = testing::session(&ctx, &realm, anna.id).await;
    let again = started(&ctx, &realm, file(), IfExists::Update).await;
    resume(&ctx).await.unwrap();
    assert_eq!(now(&ctx, &realm, &again).await.counts.updated, 1);
    assert!(denial::session(&ctx, &realm, after).await.unwrap().is_ok());
}

#[tokio::test]
async fn nobody_goes_beyond_their_reach_neither_beforehand_nor_meanwhile() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let none = (IfExists::Update, Reach::default());
    let mut mole = vec![row(1, "mole")];
    mole[0].settings.roles = vec!["realm-admin".to_owned()];
    mole[0].says_roles = true;
    let problems = checked(&ctx, &realm, mole.clone(), none).await.unwrap_err();
    assert_eq!(problems.shown[0].field, "roles");
    let boss = testing::user(&ctx, &realm, "boss").await;
    let plan = || Plan {
        if_exists: IfExists::Update,
        ..Plan::default()
    };
    let file = checked(&ctx, &realm, vec![row(1, "boss"), row(2, "clerk")], none)
        .await
        .unwrap();
    let import = put_aside(&ctx, &realm, &admin(), file, (plan(), true))
        .await
        .unwrap();
    // Made an administrator while the import runs.
    let change = |before: &User| {
        let mut settings = before.settings();
        settings.roles = vec!["realm-admin".to_owned()];
        Ok::<_, user::verbs::UserError>(settings)
    };
    user::verbs::revise(&ctx, &realm, &admin(), boss.id, change)
        .await
        .unwrap();
    resume(&ctx).await.unwrap();
    let done = now(&ctx, &realm, &import).await;
    assert_eq!((done.counts.failed, done.counts.created), (1, 1));
    assert!(done.failures[0].why.contains("administrator"), "{done:?}");

    // Put aside with the right to it, and begun without.
    let file = checked(&ctx, &realm, mole, (IfExists::Update, ALL))
        .await
        .unwrap();
    let import = put_aside(&ctx, &realm, &admin(), file, (plan(), false))
        .await
        .unwrap();
    let refused = begin(&ctx, &realm, &admin(), import.id, Reach::default()).await;
    assert!(matches!(refused, Err(KeepError::NotYours)), "{refused:?}");
    let other = Actor {
        id: "other".to_owned(),
        ..admin()
    };
    let refused = begin(&ctx, &realm, &other, import.id, ALL).await;
    assert!(matches!(refused, Err(KeepError::NotYours)), "{refused:?}");
    resume(&ctx).await.unwrap();
    assert!(find(&ctx, &realm, "mole").await.unwrap().is_none());
    begin(&ctx, &realm, &admin(), import.id, ALL).await.unwrap();
    let again = begin(&ctx, &realm, &admin(), import.id, ALL).await;
    assert!(matches!(again, Err(KeepError::Begun)), "{again:?}");
    resume(&ctx).await.unwrap();
    assert!(find(&ctx, &realm, "mole").await.unwrap().is_some());
}

#[tokio::test]
async fn what_nobody_begins_is_dropped_with_its_people_and_what_is_over_is_forgotten() {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    clock.advance(Span::days(400));
    let waiting = async || {
        let file = checked(&ctx, &realm, rows(120), (IfExists::Skip, ALL))
            .await
            .unwrap();
        put_aside(&ctx, &realm, &admin(), file, (Plan::default(), false))
            .await
            .unwrap()
    };
    let (one, two) = (waiting().await, waiting().await);
    discard(&ctx, &realm, one.id).await.unwrap();
    assert_eq!(left(&ctx, realm.id, one.id).await, 0);
    assert!(matches!(
        discard(&ctx, &realm, one.id).await,
        Err(KeepError::NotFound)
    ));
    let done = started(&ctx, &realm, vec![row(1, "anna")], IfExists::Skip).await;
    resume(&ctx).await.unwrap();
    clock.advance(Span(keep::WAITS.0 - 60_000));
    keep::tidy(&ctx, &realm).await.unwrap();
    assert!(left(&ctx, realm.id, two.id).await > 0, "not yet");
    clock.advance(Span::mins(2));
    keep::tidy(&ctx, &realm).await.unwrap();
    assert_eq!(left(&ctx, realm.id, two.id).await, 0);
    assert_eq!(now(&ctx, &realm, &done).await.state, State::Done);
    clock.advance(realm.settings.retention.signouts);
    keep::tidy(&ctx, &realm).await.unwrap();
    assert!(show::list(&ctx, &realm, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_people_of_a_deleted_realm_are_not_written() {
    let (ctx, _) = testing::context();
    let realm: Arc<Realm> = testing::realm(&ctx, "demo").await;
    let import = started(&ctx, &realm, rows(3), IfExists::Skip).await;
    crate::domain::realm::verbs::delete(&ctx, &admin(), "demo")
        .await
        .unwrap();
    resume(&ctx).await.unwrap();
    assert_eq!(left(&ctx, realm.id, import.id).await, 0);
    assert_eq!(user::count(&ctx, &realm, "many-").await.unwrap(), 0);
}
