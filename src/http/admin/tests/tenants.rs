//! Clients, realms and keys from their first to their last day.

use super::*;

#[tokio::test]
async fn the_life_of_a_client() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let clients = "/admin/realms/demo/clients";
    let made = house
        .post(
            &format!("{clients}/"),
            &ada.token,
            json!({"clientId": "app"}),
        )
        .await
        .is(201);
    let secret = made.json["secret"].as_str().unwrap().to_owned();
    let path = made
        .header("location")
        .strip_prefix("http://localhost:8080")
        .unwrap()
        .to_owned();
    assert!(
        !house
            .get(&path, &ada.token)
            .await
            .is(200)
            .text
            .contains(&secret)
    );
    assert_eq!(
        house
            .get(&format!("{clients}?clientId=app"), &ada.token)
            .await
            .is(200)
            .json[0]["id"],
        made.json["id"]
    );
    assert_eq!(
        house
            .get(&format!("{path}/client-secret"), &ada.token)
            .await
            .is(200)
            .json["value"],
        Value::Null
    );
    let new = house
        .call("POST", &format!("{path}/client-secret"), &ada.token, "")
        .await
        .is(200)
        .json;
    assert!(
        new["type"] == json!("secret")
            && new["value"]
                .as_str()
                .is_some_and(|value| value.len() > 20 && value != secret)
    );
    house
        .post(clients, &ada.token, json!({"clientId": "app"}))
        .await
        .is(409);
    house
        .call(
            "PUT",
            &path,
            &ada.token,
            "{\"redirectUris\": [\"https://app.example/cb\"]}",
        )
        .await
        .is(204);
    house
        .call(
            "PUT",
            &path,
            &ada.token,
            "{\"redirectUris\": [\"https://*.example/cb\"]}",
        )
        .await
        .is(422);
    house
        .call("PUT", &path, &ada.token, "{\"redirect_urls\": []}")
        .await
        .is(400);
    let ann = house.user(&house.demo, "ann", &[]).await;
    let one = house
        .sign_in(&house.demo, ann.id, "app", "openid offline_access")
        .await;
    let out = house
        .call("PUT", &path, &ada.token, "{\"enabled\": false}")
        .await
        .is(204);
    assert!(!out.header("realmkeep-signout").is_empty());
    assert!(!house.good(&house.demo, &one.token).await);
    assert!(
        house.alive(&house.demo, one.sid).await,
        "disabling an app leaves the people signed in"
    );
    let out = house.call("DELETE", &path, &ada.token, "{}").await.is(204);
    assert!(!out.header("realmkeep-signout").is_empty());
    house.get(&path, &ada.token).await.is(404);
    // A script cannot saw off the branch it sits on.
    let ops = house.client(&house.demo, "ops", &["realm-admin"]).await;
    let token = house.service(&house.demo, "ops").await;
    house
        .call("DELETE", &format!("{clients}/{}", ops.id), &token, "")
        .await
        .is(422);
    house
        .call(
            "PUT",
            &format!("{clients}/{}", ops.id),
            &token,
            "{\"enabled\": false}",
        )
        .await
        .is(422);
}

#[tokio::test]
async fn the_life_of_a_realm() {
    let house = house().await;
    let root = house
        .somebody(&house.master, "root", &["server-admin"])
        .await;
    let made = house
        .post(
            "/admin/realms/",
            &root.token,
            json!({"realm": "shop", "enabled": true}),
        )
        .await
        .is(201);
    assert_eq!(
        made.header("location"),
        "http://localhost:8080/admin/realms/shop"
    );
    house
        .post("/admin/realms", &root.token, json!({"realm": "shop"}))
        .await
        .is(409);
    house
        .post("/admin/realms", &root.token, json!({"realm": "No Good"}))
        .await
        .is(422);
    let mut shown = house
        .get("/admin/realms/shop", &root.token)
        .await
        .is(200)
        .json;
    shown["displayName"] = json!("Shop");
    shown["sessions"]["idle_timeout"] = json!("5m");
    house
        .call("PUT", "/admin/realms/shop", &root.token, &shown.to_string())
        .await
        .is(204);
    house
        .call(
            "PUT",
            "/admin/realms/shop",
            &root.token,
            "{\"sessions\": {\"limit\": 2}}",
        )
        .await
        .is(204);
    let after = house
        .get("/admin/realms/shop", &root.token)
        .await
        .is(200)
        .json;
    assert_eq!(
        (
            &after["display_name"],
            &after["sessions"]["idle_timeout"],
            &after["sessions"]["limit"]
        ),
        (&json!("Shop"), &json!("5m"), &json!(2))
    );
    house
        .call(
            "PUT",
            "/admin/realms/shop",
            &root.token,
            "{\"tokens\": {\"access_token_lifetime\": \"0\"}}",
        )
        .await
        .is(400);
    let names: Vec<Value> = house
        .get("/admin/realms", &root.token)
        .await
        .is(200)
        .json
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["realm"].clone())
        .collect();
    assert_eq!(names, ["demo", "master", "other", "shop"]);
    // Whoever belongs to a realm sees that one, and does not lock themselves out of it.
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    assert_eq!(
        house
            .get("/admin/realms/", &ada.token)
            .await
            .is(200)
            .json
            .as_array()
            .unwrap()
            .len(),
        1
    );
    house
        .call(
            "PUT",
            "/admin/realms/demo",
            &ada.token,
            "{\"enabled\": false}",
        )
        .await
        .is(422);
    let out = house
        .call(
            "PUT",
            "/admin/realms/demo",
            &root.token,
            "{\"enabled\": false}",
        )
        .await
        .is(204);
    assert!(!out.header("realmkeep-signout").is_empty());
    house
        .get("/admin/realms/demo/sessions", &ada.token)
        .await
        .is(401);
    let out = house
        .call("DELETE", "/admin/realms/shop", &root.token, "{}")
        .await
        .is(204);
    assert!(!out.header("realmkeep-signout").is_empty());
    house.get("/admin/realms/shop", &root.token).await.is(404);
    house
        .call("DELETE", "/admin/realms/master", &root.token, "{}")
        .await
        .is(422);
}

#[tokio::test]
async fn keys_are_listed_without_private_parts_and_turned_over() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let before = house
        .get("/admin/realms/demo/keys", &ada.token)
        .await
        .is(200);
    assert!(!before.text.contains("sealed"));
    let old = before.json["active"]["ES256"].as_str().unwrap().to_owned();
    let rotated = house
        .call("POST", "/admin/realms/demo/keys/rotate", &ada.token, "")
        .await
        .is(200)
        .json;
    let after = house
        .get("/admin/realms/demo/keys", &ada.token)
        .await
        .is(200)
        .json;
    assert_eq!(
        (&after["active"]["ES256"], &rotated["algorithm"]),
        (&rotated["kid"], &json!("ES256"))
    );
    assert_ne!(rotated["kid"], json!(old));
    let kept = after["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == json!(old))
        .unwrap();
    assert_eq!(
        (&kept["status"], &kept["state"]),
        (&json!("PASSIVE"), &json!("retired"))
    );
    house
        .call(
            "POST",
            "/admin/realms/demo/keys/rotate",
            &ada.token,
            "{\"algorithm\": \"HS256\"}",
        )
        .await
        .is(400);
    let audit = crate::domain::audit::newest(&house.ctx, house.demo.id, 5)
        .await
        .unwrap();
    assert!(
        audit
            .iter()
            .any(|entry| entry.action == "keys.rotate" && entry.actor.name == "ada")
    );
}
