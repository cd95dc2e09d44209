//! Who may do what: every role on every route, no role across realms, and tokens that are good for something else.

use super::super::table::{Need, ROUTES, Route};
use super::*;
use crate::domain::signout::{self, Reason, Selection};
use crate::domain::ssf::settings::{Settings, Wanted};

/// Roles by the right they carry, written down a second time on purpose.
const HOLDERS: &[(&str, &[&str])] = &[
    (
        "ViewSessions",
        &[
            "realm-admin",
            "sessions-viewer",
            "sessions-operator",
            "auditor",
        ],
    ),
    ("EndSessions", &["realm-admin", "sessions-operator"]),
    (
        "ViewUsers",
        &["realm-admin", "sessions-operator", "users-manager"],
    ),
    ("ManageUsers", &["realm-admin", "users-manager"]),
    ("ViewClients", &["realm-admin", "clients-manager"]),
    ("ManageClients", &["realm-admin", "clients-manager"]),
    ("ManageRealm", &["realm-admin"]),
    ("ViewAudit", &["realm-admin", "auditor"]),
    ("ManageServer", &[]),
];
const ROLES: [&str; 6] = [
    "realm-admin",
    "sessions-viewer",
    "sessions-operator",
    "users-manager",
    "clients-manager",
    "auditor",
];

fn address(row: &Route, realm: &str, id: &str) -> String {
    row.path.replace("{realm}", realm).replace("{id}", id)
}

fn right(row: &Route) -> String {
    match row.need {
        Need::Any => "Any".to_owned(),
        Need::Right(right) => format!("{right:?}"),
        Need::Either(one, other) => format!("{one:?} or {other:?}"),
    }
}

fn holds(role: &str, right: &str) -> bool {
    right == "Any"
        || HOLDERS.iter().any(|(name, roles)| {
            right.split(" or ").any(|right| *name == right) && roles.contains(&role)
        })
}

/// A body that gets past reading and changes next to nothing.
fn body(row: &Route) -> &'static str {
    match (row.method, row.path) {
        ("PUT", path) if path.ends_with("/reset-password") => "{\"value\": \"new-password\"}",
        _ => "{}",
    }
}

#[tokio::test]
async fn every_role_reaches_exactly_its_routes() {
    let house = house().await;
    let nobody = uuid::Uuid::from_u128(1).to_string();
    for role in ROLES {
        let user = house.user(&house.demo, role, &[role]).await;
        for row in ROUTES {
            let who = house
                .sign_in(&house.demo, user.id, "console", "openid")
                .await;
            let path = address(row, "demo", &nobody);
            let answer = house.call(row.method, &path, &who.token, body(row)).await;
            let case = format!("{role} {} {path}: {}", row.method, answer.text);
            if holds(role, &right(row)) {
                assert!(
                    !matches!(answer.status.as_u16(), 401 | 403 | 405 | 500),
                    "{case}"
                );
                assert_ne!(answer.kind(), "realm-not-found", "{case}");
            } else {
                assert_eq!(
                    (answer.status.as_u16(), answer.kind()),
                    (403, "forbidden"),
                    "{case}"
                );
            }
        }
    }
}

#[tokio::test]
async fn an_administrator_of_the_server_reaches_every_route_of_every_realm() {
    let house = house().await;
    let user = house.user(&house.master, "root", &["server-admin"]).await;
    let nobody = uuid::Uuid::from_u128(1).to_string();
    for row in ROUTES {
        let who = house
            .sign_in(&house.master, user.id, "console", "openid")
            .await;
        let answer = house
            .call(
                row.method,
                &address(row, "demo", &nobody),
                &who.token,
                body(row),
            )
            .await;
        let case = format!("{} {}: {}", row.method, row.path, answer.text);
        assert!(
            !matches!(answer.status.as_u16(), 401 | 403 | 405 | 500),
            "{case}"
        );
        assert_ne!(answer.kind(), "realm-not-found", "{case}");
    }
}

#[tokio::test]
async fn another_realm_looks_like_one_that_does_not_exist_on_every_route() {
    let house = house().await;
    let nobody = uuid::Uuid::from_u128(1).to_string();
    let cases = [
        (
            house
                .user(&house.demo, "ada", &["realm-admin", "server-admin"])
                .await,
            &house.demo,
            "other",
        ),
        (
            house.user(&house.master, "mia", &["realm-admin"]).await,
            &house.master,
            "demo",
        ),
        (
            house.user(&house.demo, "ned", &[]).await,
            &house.demo,
            "demo",
        ),
        (
            house.user(&house.demo, "ina", &["staff"]).await,
            &house.demo,
            "demo",
        ),
    ];
    for (user, home, target) in cases {
        for row in ROUTES.iter().filter(|row| row.path.contains("{realm}")) {
            let who = house.sign_in(home, user.id, "console", "openid").await;
            let there = house
                .call(
                    row.method,
                    &address(row, target, &nobody),
                    &who.token,
                    body(row),
                )
                .await;
            let nowhere = house
                .call(
                    row.method,
                    &address(row, "nowhere", &nobody),
                    &who.token,
                    body(row),
                )
                .await;
            let case = format!("{} {} on {target}: {}", user.username, row.method, row.path);
            assert_eq!(there.status.as_u16(), 404, "{case}: {}", there.text);
            assert_eq!(there.text, nowhere.text, "{case}");
        }
    }
}

#[tokio::test]
async fn the_ids_of_one_realm_are_unknown_in_another_on_every_route() {
    let house = house().await;
    let bob = house.user(&house.demo, "bob", &[]).await;
    let signed_in = house
        .sign_in(&house.demo, bob.id, "console", "openid")
        .await;
    let ended = house.session(&house.demo, bob.id, "192.0.2.9").await;
    let request = signout::Request::new(
        Selection::Sessions(vec![ended.to_string()]),
        Reason::Admin,
        Actor::system("test"),
    );
    let act = signout::end(&house.ctx, &house.demo, &request)
        .await
        .unwrap();
    let client = client::find(&house.ctx, &house.demo, "console")
        .await
        .unwrap()
        .unwrap();
    let settings = Settings {
        method: Wanted::Poll,
        events_requested: None,
        description: None,
    };
    let stream = crate::domain::ssf::verbs::create(&house.ctx, &house.demo, &client, settings)
        .await
        .unwrap();
    let delivery = crate::domain::outbox::DeliveryId {
        act: act.id,
        client: client.id,
        channel: crate::domain::outbox::Channel::BackChannel,
        sid: ended,
    };
    let ops = house.somebody(&house.demo, "ops", &["realm-admin"]).await;
    let file = json!({ "users": [{ "username": "zoe" }] });
    let import = house
        .post("/admin/realms/demo/imports", &ops.token, file)
        .await
        .is(202);
    let root = house.user(&house.master, "root", &["server-admin"]).await;
    let ada = house.user(&house.other, "ada", &["realm-admin"]).await;
    for row in ROUTES.iter().filter(|row| row.path.contains("{id}")) {
        let id = match row.path.split('/').nth(4).unwrap() {
            "sessions" => signed_in.sid.to_string(),
            "signouts" => act.id.to_string(),
            "users" | "attack-detection" => bob.id.to_string(),
            "clients" => client.id.to_string(),
            "streams" => stream.id.to_string(),
            "deliveries" => delivery.to_string(),
            "imports" => import.json["id"].as_str().unwrap().to_owned(),
            other => panic!("{other} has no id here"),
        };
        for (user, home) in [(&root, &house.master), (&ada, &house.other)] {
            let who = house.sign_in(home, user.id, "console", "openid").await;
            let answer = house
                .call(
                    row.method,
                    &address(row, "other", &id),
                    &who.token,
                    body(row),
                )
                .await;
            assert_eq!(
                answer.status.as_u16(),
                404,
                "{} {}: {}",
                row.method,
                row.path,
                answer.text
            );
        }
    }
    // And by body: another realm's ids are not found, and nothing of them ends.
    let who = house
        .sign_in(&house.other, ada.id, "console", "openid")
        .await;
    for (kind, id) in [
        ("sessions", signed_in.sid.to_string()),
        ("users", bob.id.to_string()),
    ] {
        let body = json!({ "select": { kind: [id] } });
        let answer = house
            .post("/admin/realms/other/signouts", &who.token, body)
            .await
            .is(201);
        assert_eq!(answer.json["notFound"], json!([id]));
        assert_eq!(answer.json["counts"]["sessions"], 0);
    }
    assert!(
        house.alive(&house.demo, signed_in.sid).await
            && house.good(&house.demo, &signed_in.token).await
    );
    assert!(
        user::by_id(&house.ctx, &house.demo, bob.id)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        client::by_id(&house.ctx, &house.demo, client.id)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn without_a_good_token_for_the_admin_api_every_route_answers_401() {
    let house = house().await;
    let admin = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let client = client::find(&house.ctx, &house.demo, "console")
        .await
        .unwrap()
        .unwrap();
    let scoped = issue::Scoped {
        scope: String::new(),
        audience: vec!["console".to_owned()],
    };
    let elsewhere = issue::for_client(&house.ctx, &house.demo, &client, scoped)
        .await
        .unwrap()
        .access_token;
    let (head, rest) = admin.token.split_once('.').unwrap();
    let payload = crate::crypto::unb64(rest.split('.').next().unwrap()).unwrap();
    let forged = String::from_utf8(payload)
        .unwrap()
        .replace("realms/demo", "realms/master");
    let forged = format!(
        "{head}.{}.{}",
        crate::crypto::b64(forged.as_bytes()),
        rest.split('.').nth(1).unwrap()
    );
    for token in [
        "",
        "nonsense",
        "a.b.c",
        &elsewhere,
        &forged,
        &"x".repeat(9000),
    ] {
        for row in ROUTES {
            let answer = house
                .call(row.method, &address(row, "demo", "x"), token, body(row))
                .await;
            assert_eq!(answer.status.as_u16(), 401, "{} {}", row.method, row.path);
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
    }
    house
        .get("/admin/realms/demo/sessions", &admin.token)
        .await
        .is(200);
}
