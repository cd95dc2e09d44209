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
