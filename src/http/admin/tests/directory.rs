//! Lists of sign-outs, users and clients.

use super::*;

#[tokio::test]
async fn sign_outs_are_listed_newest_first_a_page_at_a_time() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let ann = house.user(&house.demo, "ann", &[]).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        let sid = house.session(&house.demo, ann.id, "192.0.2.3").await;
        let body = json!({"select": {"sessions": [sid]}});
        made.insert(
            0,
            house
                .post("/admin/realms/demo/signouts", &ada.token, body)
                .await
                .is(201)
                .json["id"]
                .clone(),
        );
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = house
            .get(
                &format!("/admin/realms/demo/signouts?limit=2{cursor}"),
                &ada.token,
            )
            .await
            .is(200)
            .json;
        seen.extend(
            page["signouts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|act| act["id"].clone()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, made);
    house
        .get("/admin/realms/demo/signouts?cursor=nonsense", &ada.token)
        .await
        .is(400);
    house
        .get(
            &format!("/admin/realms/demo/signouts/{}", uuid::Uuid::nil()),
            &ada.token,
        )
        .await
        .is(404);
}

#[tokio::test]
async fn users_and_clients_page_by_cursor_and_by_keycloaks_first_and_max() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    for number in 0..25 {
        house
            .user(&house.demo, &format!("user{number:02}"), &[])
            .await;
    }
    let users = "/admin/realms/demo/users";
    let names = |answer: &Answer| -> Vec<String> {
        answer
            .json
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["username"].as_str().unwrap().to_owned())
            .collect()
    };
    let (mut by_cursor, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = house
            .get(&format!("{users}?limit=7&search=user{cursor}"), &ada.token)
            .await
            .is(200);
        by_cursor.extend(names(&page));
        if page.header("realmkeep-next").is_empty() {
            break;
        }
        cursor = format!("&cursor={}", page.header("realmkeep-next"));
    }
    let (mut by_first, mut first) = (Vec::new(), 0);
    loop {
        let page = house
            .get(
                &format!("{users}?first={first}&max=7&search=user*"),
                &ada.token,
            )
            .await
            .is(200);
        if names(&page).is_empty() {
            break;
        }
        by_first.extend(names(&page));
        first += 7;
    }
    let expected: Vec<String> = (0..25).map(|number| format!("user{number:02}")).collect();
    assert_eq!((&by_cursor, &by_first), (&expected, &expected));
    assert_eq!(
        house
            .get(&format!("{users}/count"), &ada.token)
            .await
            .is(200)
            .json,
        json!(26)
    );
    assert_eq!(
        house
            .get(&format!("{users}/count?search=user1"), &ada.token)
            .await
            .is(200)
            .json,
        json!(10)
    );
    assert_eq!(
        names(
            &house
                .get(
                    &format!("{users}?username=user1&exact=True&max=1"),
                    &ada.token
                )
                .await
                .is(200)
        ),
        Vec::<String>::new()
    );
    assert_eq!(
        names(
            &house
                .get(
                    &format!("{users}?username=USER01&exact=True&max=1"),
                    &ada.token
                )
                .await
                .is(200)
        ),
        ["user01"]
    );
    for query in [
        "first=x",
        "limit=2&max=2",
        "first=1&cursor=YQ",
        "search=a&username=b",
        "q=attr%3Ax",
        "first=999999999",
    ] {
        house
            .get(&format!("{users}?{query}"), &ada.token)
            .await
            .is(400);
    }
    house.client(&house.demo, "crm", &[]).await;
    let clients = "/admin/realms/demo/clients";
    let count = async |query: &str| {
        let page = house
            .get(&format!("{clients}?{query}"), &ada.token)
            .await
            .is(200);
        page.json.as_array().unwrap().len()
    };
    assert_eq!(
        (
            count("").await,
            count("clientId=crm").await,
            count("clientId=cr").await
        ),
        (2, 1, 0)
    );
    assert_eq!(
        (
            count("clientId=cr&search=true").await,
            count("first=1&max=5").await
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn the_audit_log_says_who_did_what_and_refuses_what_it_does_not_understand() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let eve = house.somebody(&house.demo, "eve", &["auditor"]).await;
    let ann = house.user(&house.demo, "ann", &[]).await;
    let sid = house.session(&house.demo, ann.id, "192.0.2.3").await;
    let body = json!({"select": {"sessions": [sid]}, "note": "left the company"});
    let act = house
        .post("/admin/realms/demo/signouts", &ada.token, body)
        .await
        .is(201)
        .json;
    let id = act["id"].as_str().unwrap();
    let path = "/admin/realms/demo/audit";
    let all = house.get(path, &eve.token).await.is(200).json;
    let newest = &all["records"][0];
    assert_eq!(
        (&newest["action"], &newest["target"], &newest["actor"]),
        (&json!("sessions.invalidate"), &json!(id), &act["actor"])
    );
    for query in [
        &format!("target={id}"),
        "actor=ada&action=sessions.",
        "action=sessions.invalidate&since=2001-01-01T00:00:00Z&limit=1",
    ] {
        let found = house.get(&format!("{path}?{query}"), &eve.token).await;
        assert_eq!(found.is(200).json["records"], json!([newest]), "{query}");
    }
    let before = format!("{path}?until=2001-01-01T00:00:00Z");
    let none = house.get(&before, &eve.token).await.is(200).json;
    assert_eq!(none, json!({ "records": [], "next": null }));
    for query in ["cursor=AAAA", "since=yesterday", "limit=0", "acter=ada"] {
        house
            .get(&format!("{path}?{query}"), &eve.token)
            .await
            .is(400);
    }
}
