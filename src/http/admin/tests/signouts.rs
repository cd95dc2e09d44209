//! The promise over REST: what is selected ends and nothing else, one's own session never, and the answer says all of it.

use super::*;
use crate::domain::signout::receipt;

const PATH: &str = "/admin/realms/demo/signouts";

async fn acts(house: &House) -> usize {
    receipt::list(&house.ctx, &house.demo, None, 100)
        .await
        .unwrap()
        .0
        .len()
}

#[tokio::test]
async fn one_call_reports_ended_own_unknown_and_over_before() {
    let house = house().await;
    let ada = house
        .somebody(&house.demo, "ada", &["sessions-operator"])
        .await;
    let ann = house.somebody(&house.demo, "ann", &[]).await;
    let bob = house.somebody(&house.demo, "bob", &[]).await;
    let over = house.session(&house.demo, bob.user, "192.0.2.3").await;
    house
        .post(PATH, &ada.token, json!({"select": {"sessions": [over]}}))
        .await
        .is(201);
    let body = json!({
        "select": {"sessions": [ann.sid, ada.sid, over, uuid::Uuid::nil(), "nonsense"]},
        "reason": "lost device", "note": "ticket 7", "message": "Please sign in again",
    });
    let answer = house.post(PATH, &ada.token, body).await.is(201);
    let act = &answer.json;
    assert_eq!(act["counts"]["sessions"], 1);
    assert_eq!(act["protected"], json!([ada.sid]));
    assert_eq!(act["alreadyEnded"], json!([over]));
    assert_eq!(act["notFound"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&act["why"], &act["note"], &act["message"]),
        (
            &json!("lost device"),
            &json!("ticket 7"),
            &json!("Please sign in again")
        )
    );
    assert_eq!(
        (&act["reason"], &act["state"]),
        (&json!("admin"), &json!("settled"))
    );
    let outcome = |id: &str| {
        let rows = act["sessions"].as_array().unwrap();
        rows.iter()
            .find(|row| row["id"] == id)
            .map(|row| row["outcome"].as_str().unwrap().to_owned())
    };
    assert_eq!(outcome(&ann.sid.to_string()).as_deref(), Some("ended"));
    assert_eq!(outcome(&ada.sid.to_string()).as_deref(), Some("protected"));
    assert_eq!(outcome(&over.to_string()).as_deref(), Some("already_ended"));
    assert_eq!(outcome("nonsense").as_deref(), Some("not_found"));
    let app = &act["apps"][0];
    assert_eq!(
        (&app["clientId"], &app["state"], &app["attempts"]),
        (&json!("console"), &json!("bounded"), &json!(0))
    );
    assert!(app["boundUntil"].as_str().unwrap().ends_with('Z'));
    assert_eq!(act["refusedSince"], json!([]));
    // The address leads to the same receipt, and the header names it.
    let location = answer
        .header("location")
        .strip_prefix("http://localhost:8080")
        .unwrap();
    assert_eq!(location, format!("{PATH}/{}", act["id"].as_str().unwrap()));
    assert_eq!(answer.header("realmkeep-signout"), act["id"]);
    assert_eq!(house.get(location, &ada.token).await.is(200).json, *act);
    // Others are untouched, and the ended one is refused everywhere.
    assert!(!house.alive(&house.demo, ann.sid).await && !house.good(&house.demo, &ann.token).await);
    assert!(house.alive(&house.demo, bob.sid).await && house.good(&house.demo, &bob.token).await);
    house
        .get("/admin/realms/demo/sessions", &ada.token)
        .await
        .is(200);
    // Who comes back is on the receipt.
    house.clock.advance(Span::secs(1));
    let back = house.session(&house.demo, ann.user, "198.51.100.4").await;
    let receipt = house.get(location, &ada.token).await.is(200).json;
    assert_eq!(receipt["cameBack"][0]["id"], json!(back));
}

#[tokio::test]
async fn ones_own_session_survives_every_kind_of_selection() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let own = json!([ada.sid]);
    for select in [
        json!({"users": [ada.user]}),
        json!({"clients": ["console"]}),
        json!({"filter": "user:ada"}),
        json!({"filter": "ip:192.0.2.0/24"}),
        json!({"all": true}),
    ] {
        let second = house
            .sign_in(&house.demo, ada.user, "console", "openid offline_access")
            .await;
        house.clock.advance(Span(2));
        let plan = house
            .post(PATH, &ada.token, json!({"select": select, "dryRun": true}))
            .await
            .is(200)
            .json;
        let act = house
            .post(PATH, &ada.token, json!({"select": select}))
            .await
            .is(201)
            .json;
        assert_eq!(
            (&plan["protected"], &act["protected"]),
            (&own, &own),
            "{select}"
        );
        assert_eq!(
            plan["counts"]["sessions"], act["counts"]["sessions"],
            "{select}"
        );
        assert_eq!(
            plan["counts"]["families"], act["counts"]["families"],
            "{select}"
        );
        assert_eq!(act["counts"]["sessions"], 1, "{select}");
        assert!(
            !house.alive(&house.demo, second.sid).await
                && !house.good(&house.demo, &second.token).await,
            "{select}"
        );
        house
            .get("/admin/realms/demo/sessions", &ada.token)
            .await
            .is(200);
    }
    let before = acts(&house).await;
    for select in [json!({"sessions": own}), json!({"filter": "user:ada"})] {
        for dry_run in [true, false] {
            let refused = house
                .post(
                    PATH,
                    &ada.token,
                    json!({"select": select, "dryRun": dry_run}),
                )
                .await
                .is(409);
            assert_eq!(
                (refused.kind(), &refused.json["protected"]),
                ("own-session", &own)
            );
        }
    }
    let refused = house
        .call(
            "DELETE",
            &format!("/admin/realms/demo/sessions/{}", ada.sid),
            &ada.token,
            "{}",
        )
        .await
        .is(409);
    assert_eq!(refused.kind(), "own-session");
    assert_eq!(acts(&house).await, before, "a refusal left an act behind");
    for path in [
        format!("/admin/realms/demo/users/{}/logout", ada.user),
        "/admin/realms/demo/logout-all".to_owned(),
    ] {
        let answer = house.call("POST", &path, &ada.token, "").await;
        assert!(
            answer.status.is_success() && !answer.header("realmkeep-signout").is_empty(),
            "{}",
            answer.text
        );
        house
            .get("/admin/realms/demo/sessions", &ada.token)
            .await
            .is(200);
    }
}

#[tokio::test]
async fn a_client_with_roles_reads_the_receipt_of_what_it_did_to_everybody() {
    let house = house().await;
    house
        .client(&house.demo, "ops", &["sessions-operator"])
        .await;
    let bob = house.somebody(&house.demo, "bob", &[]).await;
    let token = house.service(&house.demo, "ops").await;
    for select in [json!({"all": true}), json!({"clients": ["ops", "console"]})] {
        let answer = house
            .post(PATH, &token, json!({"select": select}))
            .await
            .is(201);
        let location = answer
            .header("location")
            .strip_prefix("http://localhost:8080")
            .unwrap();
        assert_eq!(
            house.get(location, &token).await.is(200).json["actor"]["id"],
            json!("ops")
        );
    }
    assert!(!house.alive(&house.demo, bob.sid).await);
    // An administrator of another realm does not spare a client of this one that happens to have the same name.
    house.client(&house.master, "ops", &["server-admin"]).await;
    let root = house.service(&house.master, "ops").await;
    house
        .post(PATH, &root, json!({"select": {"all": true}}))
        .await
        .is(201);
    house
        .get("/admin/realms/demo/sessions", &token)
        .await
        .is(401);
}

#[tokio::test]
async fn only_what_is_selected_ends() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    house.client(&house.demo, "crm", &[]).await;
    let (ann, bob) = (
        house.user(&house.demo, "ann", &[]).await,
        house.user(&house.demo, "bob", &[]).await,
    );
    let elsewhere = house.somebody(&house.other, "ann", &[]).await;
    let cases = [
        (json!({"users": [ann.id]}), [true, true, false]),
        (json!({"clients": ["crm"]}), [false, true, true]),
        (
            json!({"filter": "user:ann client:crm"}),
            [false, true, false],
        ),
        (json!({"filter": "bob"}), [false, false, true]),
        (json!({"filter": "idle>1h"}), [false, false, false]),
    ];
    for (select, ends) in cases {
        let three = [
            house
                .sign_in(&house.demo, ann.id, "console", "openid")
                .await,
            house
                .sign_in(&house.demo, ann.id, "crm", "openid offline_access")
                .await,
            house.sign_in(&house.demo, bob.id, "crm", "openid").await,
        ];
        house.clock.advance(Span(2));
        let plan = house
            .post(PATH, &ada.token, json!({"select": select, "dryRun": true}))
            .await
            .is(200)
            .json;
        let act = house
            .post(PATH, &ada.token, json!({"select": select}))
            .await
            .is(201)
            .json;
        for count in ["sessions", "people", "families", "offline"] {
            assert_eq!(
                plan["counts"][count], act["counts"][count],
                "{select} {count}"
            );
        }
        for (one, ended) in three.iter().zip(ends) {
            assert_eq!(house.alive(&house.demo, one.sid).await, !ended, "{select}");
            assert_eq!(
                house.good(&house.demo, &one.token).await,
                !ended,
                "{select}"
            );
        }
        assert!(house.good(&house.other, &elsewhere.token).await);
        house
            .post(
                PATH,
                &ada.token,
                json!({"select": {"users": [ann.id, bob.id]}}),
            )
            .await
            .is(201);
    }
}
