//! Roles are read live, and nobody gives themselves more of them.

use super::*;
use crate::domain::session as sessions;

#[tokio::test]
async fn a_role_that_was_taken_away_and_a_session_that_ended_are_gone_with_the_next_request() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let vic = house
        .somebody(&house.demo, "vic", &["sessions-viewer"])
        .await;
    let path = format!("/admin/realms/demo/users/{}", vic.user);
    house
        .get("/admin/realms/demo/sessions", &vic.token)
        .await
        .is(200);
    house
        .call("PUT", &path, &ada.token, "{\"roles\": []}")
        .await
        .is(204);
    house
        .get("/admin/realms/demo/sessions", &vic.token)
        .await
        .is(404);
    house
        .call("PUT", &path, &ada.token, "{\"roles\": [\"auditor\"]}")
        .await
        .is(204);
    house
        .get("/admin/realms/demo/sessions", &vic.token)
        .await
        .is(200);
    let disabled = house
        .call("PUT", &path, &ada.token, "{\"enabled\": false}")
        .await
        .is(204);
    assert!(!disabled.header("realmkeep-signout").is_empty());
    house
        .get("/admin/realms/demo/sessions", &vic.token)
        .await
        .is(401);
    // A client's roles are as live as a user's.
    let ops = house
        .client(&house.demo, "ops", &["sessions-operator"])
        .await;
    let token = house.service(&house.demo, "ops").await;
    house
        .get("/admin/realms/demo/sessions", &token)
        .await
        .is(200);
    let path = format!("/admin/realms/demo/clients/{}", ops.id);
    house
        .call("PUT", &path, &ada.token, "{\"enabled\": false}")
        .await
        .is(204);
    house
        .get("/admin/realms/demo/sessions", &token)
        .await
        .is(401);
}

#[tokio::test]
async fn nobody_makes_themselves_more_than_they_are() {
    let house = house().await;
    let (max, cleo) = (
        house.somebody(&house.demo, "max", &["users-manager"]).await,
        house
            .somebody(&house.demo, "cleo", &["clients-manager"])
            .await,
    );
    let boss = house.user(&house.demo, "boss", &["realm-admin"]).await;
    let bob = house.user(&house.demo, "bob", &[]).await;
    let users = "/admin/realms/demo/users";
    house
        .post(
            users,
            &max.token,
            json!({"username": "evil", "roles": ["realm-admin"]}),
        )
        .await
        .is(403);
    house
        .call(
            "PUT",
            &format!("{users}/{}", max.user),
            &max.token,
            "{\"roles\": [\"realm-admin\"]}",
        )
        .await
        .is(403);
    house
        .call(
            "PUT",
            &format!("{users}/{}", boss.id),
            &max.token,
            "{\"enabled\": false}",
        )
        .await
        .is(403);
    house
        .call("DELETE", &format!("{users}/{}", boss.id), &max.token, "")
        .await
        .is(403);
    let reset = format!("{users}/{}/reset-password", boss.id);
    house
        .call("PUT", &reset, &max.token, "{\"value\": \"mine-now\"}")
        .await
        .is(403);
    house
        .call(
            "PUT",
            &format!("{users}/{}", bob.id),
            &max.token,
            "{\"roles\": [\"staff\"]}",
        )
        .await
        .is(204);

    let clients = "/admin/realms/demo/clients";
    let ops = house.client(&house.demo, "ops", &["realm-admin"]).await;
    let admin = resources::admin_audience(&house.ctx);
    for body in [
        json!({"client_id": "evil", "service_account_roles": ["realm-admin"]}),
        json!({"client_id": "evil", "resources": [admin]}),
    ] {
        house.post(clients, &cleo.token, body).await.is(403);
    }
    house
        .call(
            "POST",
            &format!("{clients}/{}/client-secret", ops.id),
            &cleo.token,
            "",
        )
        .await
        .is(403);
    house
        .call(
            "PUT",
            &format!("{clients}/{}", ops.id),
            &cleo.token,
            "{\"secret\": \"mine-now\"}",
        )
        .await
        .is(403);
    house
        .call("DELETE", &format!("{clients}/{}", ops.id), &cleo.token, "")
        .await
        .is(403);

    // In master even a realm-admin makes no administrator of the server.
    let mia = house.somebody(&house.master, "mia", &["realm-admin"]).await;
    let body = json!({"username": "evil", "roles": ["server-admin"]});
    house
        .post("/admin/realms/master/users", &mia.token, body)
        .await
        .is(403);
    let boss = sessions::find(&house.ctx, &house.demo, max.sid)
        .await
        .unwrap();
    assert!(boss.is_some_and(|found| found.value.ended.is_none()));
}
