//! What scripts written for Keycloak send: slashes, empty bodies, `{}` on DELETE, its spellings, its statuses.

use super::*;
use crate::domain::user::attempts;

#[tokio::test]
async fn the_life_of_a_user_as_the_node_client_sends_it() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let users = "/admin/realms/demo/users";
    let body = json!({"username": "alice", "enabled": true, "email": "a@example.com", "firstName": "Alice", "lastName": "Adams",
        "attributes": {"team": ["north"]}, "credentials": [{"type": "password", "value": "pw", "temporary": false}]});
    let made = house
        .post(&format!("{users}/"), &ada.token, body.clone())
        .await
        .is(201);
    let id = made
        .header("location")
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(
        made.header("location"),
        format!("http://localhost:8080{users}/{id}")
    );
    let taken = house.post(users, &ada.token, body).await.is(409);
    assert!(taken.json["errorMessage"].is_string());
    let path = format!("{users}/{id}");
    let mut shown = house
        .get(&format!("{path}?userProfileMetadata=False"), &ada.token)
        .await
        .is(200)
        .json;
    assert_eq!(
        shown["claims"],
        json!({"email": "a@example.com", "given_name": "Alice", "family_name": "Adams", "name": "Alice Adams", "team": "north"})
    );
    assert!(shown.get("password").is_none() && shown["createdTimestamp"].is_u64());
    let found = house
        .get(
            &format!("{users}/?username=alice&max=1&exact=True"),
            &ada.token,
        )
        .await
        .is(200)
        .json;
    assert_eq!(found[0]["id"], json!(id));
    // Read, change one member, write all of it back.
    shown["lastName"] = json!("Brown");
    house
        .call("PUT", &path, &ada.token, &shown.to_string())
        .await
        .is(204);
    let after = house.get(&path, &ada.token).await.is(200).json;
    assert_eq!(
        (
            &after["lastName"],
            &after["claims"]["name"],
            &after["email"]
        ),
        (
            &json!("Brown"),
            &json!("Alice Brown"),
            &json!("a@example.com")
        )
    );

    let alice = id.parse().unwrap();
    let one = house.sign_in(&house.demo, alice, "console", "openid").await;
    let sessions = house
        .get(&format!("{path}/sessions"), &ada.token)
        .await
        .is(200)
        .json;
    let client = client::find(&house.ctx, &house.demo, "console")
        .await
        .unwrap()
        .unwrap();
    let row = &sessions[0];
    assert_eq!(
        (&row["id"], &row["username"], &row["userId"]),
        (&json!(one.sid), &json!("alice"), &json!(id))
    );
    assert_eq!(row["clients"], json!({client.id.to_string(): "console"}));
    assert!(
        row["start"].as_u64().unwrap() > 1_600_000_000_000
            && row["lastAccess"].is_u64()
            && row["rememberMe"] == json!(false)
    );
    let of_client = house
        .get(
            &format!(
                "/admin/realms/demo/clients/{}/user-sessions?first=0&max=10",
                client.id
            ),
            &ada.token,
        )
        .await
        .is(200);
    assert_eq!(of_client.json.as_array().unwrap().len(), 2);
    assert_eq!(
        house
            .get(
                &format!(
                    "/admin/realms/demo/clients/{}/user-sessions?first=1&max=10",
                    client.id
                ),
                &ada.token
            )
            .await
            .is(200)
            .json
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let out = house
        .call("POST", &format!("{path}/logout"), &ada.token, "{}")
        .await
        .is(204);
    assert!(!out.header("realmkeep-signout").is_empty());
    assert!(!house.alive(&house.demo, one.sid).await);
    assert_eq!(
        house
            .get(&format!("{path}/sessions"), &ada.token)
            .await
            .is(200)
            .json,
        json!([])
    );

    let two = house.sign_in(&house.demo, alice, "console", "openid").await;
    let body = "{\"type\": \"password\", \"temporary\": false, \"value\": \"x\"}";
    house
        .call("PUT", &format!("{path}/reset-password"), &ada.token, body)
        .await
        .is(204);
    assert!(!house.alive(&house.demo, two.sid).await);
    let three = house.sign_in(&house.demo, alice, "console", "openid").await;
    let gone = house.call("DELETE", &path, &ada.token, "{}").await.is(204);
    assert!(!gone.header("realmkeep-signout").is_empty());
    assert!(
        !house.alive(&house.demo, three.sid).await && !house.good(&house.demo, &three.token).await
    );
    house.get(&path, &ada.token).await.is(404);
    // The sessions page does not break over somebody who is gone.
    let ended = house
        .get("/admin/realms/demo/sessions?state=ended", &ada.token)
        .await
        .is(200)
        .json;
    assert_eq!(ended["sessions"][0]["username"], json!("alice"));
}

#[tokio::test]
async fn a_session_is_deleted_in_keycloaks_words() {
    let house = house().await;
    let ada = house
        .somebody(&house.demo, "ada", &["sessions-operator"])
        .await;
    let ann = house.somebody(&house.demo, "ann", &[]).await;
    let path = format!("/admin/realms/demo/sessions/{}", ann.sid);
    house
        .call(
            "DELETE",
            &format!("{path}?isOffline=true"),
            &ada.token,
            "{}",
        )
        .await
        .is(422);
    let out = house
        .call(
            "DELETE",
            &format!("{path}?isOffline=False"),
            &ada.token,
            "{}",
        )
        .await
        .is(204);
    let receipt = format!(
        "/admin/realms/demo/signouts/{}",
        out.header("realmkeep-signout")
    );
    assert_eq!(
        house.get(&receipt, &ada.token).await.is(200).json["counts"]["sessions"],
        1
    );
    assert!(!house.good(&house.demo, &ann.token).await);
    for gone in [
        path.as_str(),
        "/admin/realms/demo/sessions/nope",
        "/admin/realms/demo/sessions/nope/",
    ] {
        let answer = house.call("DELETE", gone, &ada.token, "{}").await.is(404);
        assert_eq!(
            (&answer.json["error"], answer.kind()),
            (&json!("Sesssion not found"), "not-found")
        );
    }
}

#[tokio::test]
async fn everybody_is_out_after_logout_all_and_after_set_to_now() {
    let house = house().await;
    let root = house
        .somebody(&house.master, "root", &["server-admin"])
        .await;
    for (method, path) in [
        ("POST", "/admin/realms/demo/logout-all"),
        ("PUT", "/admin/realms/demo"),
    ] {
        let one = match user::find(&house.ctx, &house.demo, "ann").await.unwrap() {
            Some(found) => {
                house
                    .sign_in(&house.demo, found.value.id, "console", "openid")
                    .await
            }
            None => house.somebody(&house.demo, "ann", &[]).await,
        };
        house.clock.advance(Span(2));
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century")]
        let now = house.ctx.now().0 as f64 / 1000.0;
        let body = if method == "PUT" {
            json!({"realm": "demo", "notBefore": now}).to_string()
        } else {
            "{}".to_owned()
        };
        let out = house.call(method, path, &root.token, &body).await;
        assert!(out.status.is_success(), "{}", out.text);
        assert!(!out.header("realmkeep-signout").is_empty());
        assert!(!house.alive(&house.demo, one.sid).await);
        if method == "POST" {
            assert_eq!(
                out.json,
                json!({"successRequests": [], "failedRequests": []})
            );
        }
    }
    // 1970 cuts nothing, and says so by not naming a sign-out; what cannot be had is refused.
    let nothing = house
        .call(
            "PUT",
            "/admin/realms/demo",
            &root.token,
            "{\"notBefore\": 1}",
        )
        .await
        .is(204);
    assert!(nothing.header("realmkeep-signout").is_empty());
    house
        .call(
            "PUT",
            "/admin/realms/demo",
            &root.token,
            "{\"notBefore\": 9795300758.5}",
        )
        .await
        .is(422);
}

/// A change of one member never undoes what somebody else changed meanwhile.
#[tokio::test]
async fn partial_changes_at_the_same_time_both_happen() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let bob = house.user(&house.demo, "bob", &[]).await;
    let path = format!("/admin/realms/demo/users/{}", bob.id);
    for round in 0..10 {
        let (name, off) = (
            format!("{{\"lastName\": \"N{round}\"}}"),
            "{\"enabled\": false}",
        );
        let (a, b) = tokio::join!(
            house.call("PUT", &path, &ada.token, &name),
            house.call("PUT", &path, &ada.token, off)
        );
        a.is(204);
        b.is(204);
        let after = house.get(&path, &ada.token).await.is(200).json;
        assert_eq!(
            (&after["enabled"], &after["lastName"]),
            (&json!(false), &json!(format!("N{round}")))
        );
        house
            .call("PUT", &path, &ada.token, "{\"enabled\": true}")
            .await
            .is(204);
    }
}

#[tokio::test]
async fn wrong_passwords_are_counted_and_cleared_as_scripts_ask_for_it() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let bob = house.user(&house.demo, "bob", &[]).await;
    let at = format!(
        "/admin/realms/demo/attack-detection/brute-force/users/{}",
        bob.id
    );
    let none = house.get(&at, &ada.token).await.is(200).json;
    assert_eq!(
        (
            &none["numFailures"],
            &none["disabled"],
            &none["lastIPFailure"]
        ),
        (&json!(0), &json!(false), &json!("n/a"))
    );
    let ip = "203.0.113.9";
    attempts::failed(&house.ctx, &house.demo, "bob", ip.to_owned(), 5)
        .await
        .unwrap();
    for _ in 0..6 {
        let now = house.ctx.now();
        let throttle = &house.ctx.throttle;
        throttle
            .admit(now, house.demo.id, "bob", ip, false)
            .unwrap();
    }
    let some = house.get(&at, &ada.token).await.is(200).json;
    assert_eq!(
        (
            &some["numFailures"],
            &some["disabled"],
            &some["lastIPFailure"]
        ),
        (&json!(5), &json!(true), &json!(ip))
    );
    house.call("DELETE", &at, &ada.token, "{}").await.is(204);
    let after = house.get(&at, &ada.token).await.is(200).json;
    assert_eq!(
        (&after["numFailures"], &after["disabled"]),
        (&json!(0), &json!(false))
    );
}
