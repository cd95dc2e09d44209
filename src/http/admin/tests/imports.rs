//! Imports through the admin API.

use super::*;
use crate::domain::user::by_id;
use crate::domain::user::import::work::resume;

#[tokio::test]
async fn a_file_is_taken_as_a_whole_and_shows_how_far_it_is() {
    let house = house().await;
    let admin = house.somebody(&house.demo, "root", &["realm-admin"]).await;
    house.user(&house.demo, "bert", &[]).await;
    let table = "username,email\nanna,a@x.example\nbert,b@x.example\n";
    let path = "/admin/realms/demo/imports";
    let dry = house
        .call(
            "POST",
            &format!("{path}?dryRun=true&ifExists=update"),
            &admin.token,
            table,
        )
        .await
        .is(200);
    assert_eq!(
        dry.json,
        json!({"total": 2, "new": 1, "existing": 1, "ifExists": "update", "passedOver": []})
    );
    assert!(
        user::find(&house.ctx, &house.demo, "anna")
            .await
            .unwrap()
            .is_none()
    );

    let begun = house
        .call(
            "POST",
            &format!("{path}?ifExists=update"),
            &admin.token,
            table,
        )
        .await
        .is(202);
    let id = begun.json["id"].as_str().unwrap().to_owned();
    assert!(begun.header("location").ends_with(&format!("{path}/{id}")));
    assert_eq!(
        (&begun.json["state"], &begun.json["done"]),
        (&json!("running"), &json!(0))
    );
    resume(&house.ctx).await.unwrap();
    let one = house
        .get(&format!("{path}/{id}"), &admin.token)
        .await
        .is(200);
    assert_eq!(
        (
            &one.json["state"],
            &one.json["created"],
            &one.json["updated"]
        ),
        (&json!("done"), &json!(1), &json!(1))
    );
    assert_eq!(
        house.get(path, &admin.token).await.is(200).json,
        json!([one.json])
    );
    let bert = user::find(&house.ctx, &house.demo, "bert")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(bert.value.claim("email"), Some("b@x.example"));
    // Nothing but the import's own routes knows the id.
    house
        .get("/admin/realms/demo/imports/7", &admin.token)
        .await
        .is(404);
}

#[tokio::test]
async fn a_wrong_file_writes_nothing_and_says_where_it_is_wrong() {
    let house = house().await;
    let admin = house.somebody(&house.demo, "root", &["realm-admin"]).await;
    let table = "username,enabled\nanna,true\nbert,perhaps\nanna,true\n";
    let refused = house
        .call("POST", "/admin/realms/demo/imports", &admin.token, table)
        .await
        .is(422);
    assert_eq!(refused.kind(), "import-refused");
    assert_eq!(refused.json["errorCount"], 2);
    assert_eq!(
        refused.json["errors"],
        json!([
            {"line": 3, "field": "enabled", "message": "expected true or false, found \"perhaps\""},
            {"line": 4, "field": "username", "message": "this username stands in the file twice; first at 2"},
        ])
    );
    resume(&house.ctx).await.unwrap();
    assert!(
        user::find(&house.ctx, &house.demo, "anna")
            .await
            .unwrap()
            .is_none()
    );
    house
        .call(
            "POST",
            "/admin/realms/demo/imports?ifExists=maybe",
            &admin.token,
            "username\nx\n",
        )
        .await
        .is(400);
}

#[tokio::test]
async fn nobody_imports_an_administrator_above_themselves() {
    let house = house().await;
    let manager = house.somebody(&house.demo, "mia", &["users-manager"]).await;
    let boss = house.user(&house.demo, "boss", &["realm-admin"]).await;
    let path = "/admin/realms/demo/imports?ifExists=update";
    let body = json!({"users": [{"username": "mole", "roles": ["realm-admin"]}]}).to_string();
    let refused = house
        .call("POST", path, &manager.token, &body)
        .await
        .is(422);
    assert_eq!(
        (
            &refused.json["errors"][0]["field"],
            &refused.json["errors"][0]["entry"]
        ),
        (&json!("roles"), &json!(1))
    );
    let body = json!({"users": [{"username": "boss", "password": "mine now, thanks"}]}).to_string();
    let refused = house
        .call("POST", path, &manager.token, &body)
        .await
        .is(422);
    assert!(refused.text.contains("administrator"), "{}", refused.text);
    let body = json!({"users": [{"username": "clerk", "roles": ["staff"]}]}).to_string();
    house
        .call("POST", path, &manager.token, &body)
        .await
        .is(202);
    // Whoever becomes an administrator meanwhile is out of reach as well.
    let clerk = json!({"users": [{"username": "boss", "claims": {"name": "B"}}]}).to_string();
    let admin = house.somebody(&house.demo, "root", &["realm-admin"]).await;
    house.call("POST", path, &admin.token, &clerk).await.is(202);
    resume(&house.ctx).await.unwrap();
    let boss = by_id(&house.ctx, &house.demo, boss.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(boss.value.display_name(), "B");
}

#[tokio::test]
async fn keycloaks_partial_import_answers_in_its_shape() {
    let house = house().await;
    let admin = house.somebody(&house.demo, "root", &["realm-admin"]).await;
    let there = house.user(&house.demo, "bert", &[]).await;
    let path = "/admin/realms/demo/partialImport";
    let users = json!([{"username": "anna", "realmRoles": ["staff"]}, {"username": "bert", "lastName": "B"}]);
    let refused = house
        .call(
            "POST",
            path,
            &admin.token,
            &json!({"users": users}).to_string(),
        )
        .await
        .is(409);
    assert!(refused.text.contains("there already"), "{}", refused.text);
    let body = json!({"ifResourceExists": "OVERWRITE", "users": users});
    let done = house
        .call("POST", path, &admin.token, &body.to_string())
        .await
        .is(200);
    assert_eq!(
        (
            &done.json["added"],
            &done.json["overwritten"],
            &done.json["skipped"]
        ),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(done.json["results"][1]["id"], json!(there.id));
    let anna = user::find(&house.ctx, &house.demo, "anna")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(anna.value.roles, ["staff"]);
    let body = json!({"users": [], "clients": [{"clientId": "x"}]});
    house
        .call("POST", path, &admin.token, &body.to_string())
        .await
        .is(422);
}
